// Parsing of simple values.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/flag_values.h"

#include <limits>

#include <millrace/quantity.h>

namespace millrace::cli {

std::uint32_t parse_number(std::string_view text) {
  const std::uint64_t number = parse_count(text);
  if (number > std::numeric_limits<std::uint32_t>::max())
    throw ConfigError({'"' + excerpt(text) + "\" is too large"}, 64);
  return static_cast<std::uint32_t>(number);
}

std::string parse_directory(std::string_view text) {
  if (text.empty()) throw ConfigError({"a directory's name is empty: give a path"}, 64);
  const std::size_t colon = text.find(':');
  if (text.substr(0, colon) == "file" ||
      (colon != std::string_view::npos && text.substr(colon).starts_with("://")))
    throw ConfigError(
        {'"' + excerpt(text) + "\" is no path: a checkpoint is a directory of this machine, as in ./state"},
        64);
  return std::string(text);
}

bool parse_switch(std::string_view text) {
  return parse_name(text, std::array<Named<bool>, 2>{{{"true", true}, {"false", false}}});
}

std::uint32_t parse_one_in(std::string_view text) {
  if (text == "false") return 0;
  if (text == "true") return 1;
  if (text.find_first_not_of("0123456789") != std::string_view::npos ||
      text.find_first_not_of('0') == std::string_view::npos)
    throw ConfigError({'"' + excerpt(text) + "\" is not a number from 1 on, true or false"}, 64);
  return parse_number(text);
}

char parse_byte(std::string_view text) {
  if (text.size() == 1) return text.front();
  if (text == "\\t" || text == "tab") return '\t';
  if (text == "space") return ' ';
  if (text == "comma") return ',';
  for (const std::string_view runs : {"blank", "blanks", "spaces", "whitespace", "auto"})
    if (text == runs)
      throw ConfigError({"runs of blanks are no delimiter yet; choose fields before: awk '{print $3}' FILE | "
                         "millrace --by lines"},
                        64);
  throw ConfigError({'"' + excerpt(text) + "\" is not one byte: give a character, or tab, space, comma"}, 64);
}

}  // namespace millrace::cli
