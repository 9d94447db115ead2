// One pass over strings, comments, brackets and dots.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/toml_nesting.h"

#include <algorithm>

namespace millrace::cli {
namespace {

std::size_t line_end(std::string_view toml, std::size_t at) {
  return std::min(toml.find('\n', at), toml.size());
}

// Behind the string that begins at `at`; one of a single line ends with the line, if it does not end before.
std::size_t string_end(std::string_view toml, std::size_t at) {
  const bool escapes = toml[at] == '"';
  const bool tripled = toml.substr(at).starts_with(escapes ? "\"\"\"" : "'''");
  const std::string_view mark = toml.substr(at, tripled ? 3 : 1);
  for (at += mark.size(); at < toml.size(); ++at) {
    if (toml.substr(at).starts_with(mark)) return at + mark.size();
    if (toml[at] == '\n' && !tripled) return at;
    if (toml[at] == '\\' && escapes) ++at;
  }
  return toml.size();
}

}  // namespace

std::optional<std::size_t> find_nesting(std::string_view toml, std::size_t most) {
  std::size_t brackets = 0;
  std::size_t dots = 0;
  for (std::size_t at = 0; at < toml.size();) {
    const char c = toml[at];
    if (c == '"' || c == '\'') {
      at = string_end(toml, at);
      continue;
    }
    if (c == '#') {
      at = line_end(toml, at);
      continue;
    }
    if (c == '[' || c == '{') ++brackets;
    if ((c == ']' || c == '}') && brackets > 0) --brackets;
    if (c == '.') ++dots;
    if (std::string_view("=,\n[]{}").find(c) != std::string_view::npos) dots = 0;
    if (brackets > most || dots > most) return at;
    ++at;
  }
  return std::nullopt;
}

}  // namespace millrace::cli
