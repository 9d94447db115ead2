// Decimal values with a fixed scale, exact in 64 bits.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/hd.h"

namespace millrace {

enum class ValueStatus : std::uint8_t { ok, malformed, overflow };

/// A value times 10^scale.
struct Value {
  std::int64_t number = 0;
  ValueStatus status = ValueStatus::ok;
};

/// Largest scale: 10^18 is the last power of ten that 64 bits hold.
inline constexpr std::uint32_t kScaleMax = 18;

MILLRACE_HD constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Digits of one number, gathered without its sign. A magnitude of 2^63 is allowed: "-9223372036854775808"
/// is a value.
struct Magnitude {
  std::uint64_t number = 0;
  bool overflow = false;

  MILLRACE_HD constexpr void append(char digit) {
    constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;
    const auto next = static_cast<std::uint64_t>(digit - '0');
    overflow = overflow || number > (kLimit - next) / 10;
    number = overflow ? 0 : number * 10 + next;
  }
};

MILLRACE_HD constexpr Value signed_value(Magnitude magnitude, bool negative) {
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;
  if (magnitude.overflow || (!negative && magnitude.number == kLimit)) return {0, ValueStatus::overflow};
  return {static_cast<std::int64_t>(negative ? ~magnitude.number + 1 : magnitude.number), ValueStatus::ok};
}

/// Reads `[+-]?digits[.digits]`, all of it. "1." and ".5" are malformed: a point has digits on both sides.
/// Decimals beyond the scale are malformed unless they are zeros, so that nothing is ever rounded. A text
/// that is malformed and too large is malformed. REQUIRES: scale <= kScaleMax.
MILLRACE_HD constexpr Value parse_value(const char* text, std::uint32_t length, std::uint32_t scale) {
  constexpr Value kMalformed{0, ValueStatus::malformed};
  std::uint32_t at = 0;
  const bool negative = length > 0 && text[0] == '-';
  if (length > 0 && (text[0] == '-' || text[0] == '+')) ++at;

  Magnitude magnitude;
  const std::uint32_t first_digit = at;
  for (; at < length && is_digit(text[at]); ++at) magnitude.append(text[at]);
  if (at == first_digit) return kMalformed;

  std::uint32_t decimals = 0;
  if (at < length) {
    if (text[at++] != '.' || at == length) return kMalformed;
    for (; at < length; ++at) {
      if (!is_digit(text[at])) return kMalformed;
      if (decimals < scale) {
        magnitude.append(text[at]);
        ++decimals;
      } else if (text[at] != '0') {
        return kMalformed;
      }
    }
  }
  for (; decimals < scale; ++decimals) magnitude.append('0');
  return signed_value(magnitude, negative);
}

static_assert(parse_value("42", 2, 0).number == 42 && parse_value("-4.5", 4, 2).number == -450);
static_assert(parse_value("+007.10", 7, 1).number == 71);
static_assert(parse_value("-9223372036854775808", 20, 0).number == -9223372036854775807 - 1);
static_assert(parse_value("9223372036854775808", 19, 0).status == ValueStatus::overflow);
static_assert(parse_value("10", 2, kScaleMax).status == ValueStatus::overflow);
static_assert(parse_value("99999999999999999999x", 21, 0).status == ValueStatus::malformed);
static_assert(parse_value("", 0, 0).status == ValueStatus::malformed);
static_assert(parse_value("-", 1, 0).status == ValueStatus::malformed);
static_assert(parse_value("1.", 2, 2).status == ValueStatus::malformed);
static_assert(parse_value(".5", 2, 2).status == ValueStatus::malformed);
static_assert(parse_value("1.005", 5, 2).status == ValueStatus::malformed);
static_assert(parse_value("1.000", 5, 2).number == 100);

}  // namespace millrace
