// Values of flags: one of several names, numbers, one byte, yes or no.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <millrace/error.h>

#include "base/text/suggest.h"

namespace millrace::cli {

template <class T>
using Named = std::pair<std::string_view, T>;

/// The value whose name `text` is. Throws ConfigError with the list of names.
template <class T, std::size_t n>
T parse_name(std::string_view text, const std::array<Named<T>, n>& names) {
  std::array<std::string_view, n> known;
  std::string list;
  for (std::size_t i = 0; i < n; ++i) {
    if (names[i].first == text) return names[i].second;
    known[i] = names[i].first;
    list += (i == 0 ? "" : ", ") + std::string(names[i].first);
  }
  throw ConfigError({'"' + excerpt(text) + "\" is not one of " + list + did_you_mean(text, known)}, 64);
}

/// A whole number that fits 32 bits.
std::uint32_t parse_number(std::string_view text);

/// A path of this machine.
std::string parse_directory(std::string_view text);

/// "true" or "false".
bool parse_switch(std::string_view text);

/// "false" is 0, "true" is 1, and so is any number from 1 on: one in so many.
std::uint32_t parse_one_in(std::string_view text);

/// One byte: itself, or "\t" and "tab", "space", "comma".
char parse_byte(std::string_view text);

}  // namespace millrace::cli
