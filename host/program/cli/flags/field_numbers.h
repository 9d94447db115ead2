// Fields as the command line names them: by number, from 1 on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace millrace::cli {

/// The number of a field. Throws ConfigError that says what a name, a list or awk's `$1` is written as.
std::uint32_t parse_field(std::string_view text);

/// The one field that is the key. For several it throws ConfigError with the awk program that joins them.
std::uint32_t parse_key(std::string_view text, char delimiter);

/// What to do instead of giving the flag once for each of `texts`, as "; ..."; empty if there is no more to
/// say.
std::string advice_on_several(std::string_view flag, std::span<const std::string> texts);

}  // namespace millrace::cli
