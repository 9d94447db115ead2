// Reading numbers of fields, and what is said where something else stands there.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/field_numbers.h"

#include <algorithm>

#include <millrace/error.h>

#include "host/program/cli/flags/flag_values.h"

namespace millrace::cli {
namespace {

constexpr std::size_t kKeysJoined = 8;

[[noreturn]] void fail(std::string text) {
  throw ConfigError({std::move(text)}, 64);
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::vector<std::string_view> pieces_of(std::string_view list) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const std::size_t comma = list.find(',');
    pieces.push_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return pieces;
    list.remove_prefix(comma + 1);
  }
}

/// awk's option for fields between single bytes; a single space would stand for runs of blanks.
std::string separator_of(char delimiter) {
  switch (delimiter) {
    case ',': return "-F,";
    case '\t': return "-F'\\t'";
    case ' ': return "-F'[ ]'";
    default: return std::string("-F'") + delimiter + '\'';
  }
}

/// Fields that are no numbers, or too many, are shown as any.
std::string advice_on_keys(std::span<const std::string_view> fields, char delimiter) {
  const bool usable = fields.size() <= kKeysJoined && std::ranges::all_of(fields, is_number);
  std::string joined = usable ? "" : "$1\",\"$3";
  for (const std::string_view field : usable ? fields : fields.first(0))
    joined += (joined.empty() ? "$" : "\",\"$") + excerpt(field, 10);
  return "one field only is the key, for now; join several before: awk " + separator_of(delimiter) +
         " '{print " + joined + "}' FILE | millrace --by lines";
}

}  // namespace

std::uint32_t parse_field(std::string_view text) {
  if (text.starts_with('$') && is_number(text.substr(1)))
    fail('"' + excerpt(text) + "\" is a field of awk: write " + excerpt(text.substr(1)));
  if (!is_number(text))
    fail('"' + excerpt(text) +
         "\" is not the number of a field, and names are not known yet: the first is 1, and head -n 1 FILE "
         "shows "
         "them all");
  const std::uint32_t number = parse_number(text);
  if (number == 0) fail("fields count from 1, as in cut: the first is 1");
  return number;
}

std::uint32_t parse_key(std::string_view text, char delimiter) {
  if (text.find(',') != std::string_view::npos) fail(advice_on_keys(pieces_of(text), delimiter));
  return parse_field(text);
}

std::string advice_on_several(std::string_view flag, std::span<const std::string> texts) {
  if (flag != "key") return "";
  const std::vector<std::string_view> fields(texts.begin(), texts.end());
  return "; " + advice_on_keys(fields, ',');
}

}  // namespace millrace::cli
