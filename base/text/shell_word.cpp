// Quoting for shells.
// SPDX-License-Identifier: Apache-2.0
#include "base/text/shell_word.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr std::size_t kLongest = 100;

// Bytes above 0x7F are letters to a shell.
bool needs_no_quotes(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & '\x80') != 0 ||
         std::string_view("._/+-@:=,%").find(c) != std::string_view::npos;
}

bool is_odd(char c) {
  return c == '\'' || c == '\x7F' || static_cast<unsigned char>(c) < ' ';
}

}  // namespace

std::string shell_word(std::string_view name, std::string_view stand_in) {
  const bool shown = !name.empty() && name.size() <= kLongest && std::ranges::none_of(name, is_odd);
  if (!shown) return std::string(stand_in);
  const std::string word = (name.starts_with('-') ? "./" : "") + std::string(name);
  return std::ranges::all_of(name, needs_no_quotes) ? word : '\'' + word + '\'';
}

}  // namespace millrace
