// Numbers with units, as people write them: "10M", "64MiB", "250ms".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

// All three read digits, an optional fraction ("1.5") and a unit directly behind or after one space. The
// result must be whole and must fit; ConfigError (exit code 64) quotes the text and says what is wrong.

/// A number of things: no unit, or k, M, G for thousands, millions, thousands of millions.
std::uint64_t parse_count(std::string_view text);

/// Bytes: no unit or B; KiB, MiB, GiB, TiB in steps of 1024; kB, MB, GB, TB in steps of 1000.
std::size_t parse_size(std::string_view text);

/// A span of time with one of the units ns, us, ms, s, m or min, h, d. Only 0 needs no unit.
std::chrono::nanoseconds parse_duration(std::string_view text);

/// A span of time as parse_duration reads it, exactly, in the largest unit of which it is a whole number:
/// "90s". REQUIRES: it is not negative.
std::string duration_text(std::chrono::nanoseconds span);

/// Bytes as messages tell them, such as "3MiB": rounded up, in the largest unit that is not above them.
std::string size_text(std::size_t bytes);

}  // namespace millrace
