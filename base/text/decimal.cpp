// Printing scaled integers and exact means.
// SPDX-License-Identifier: Apache-2.0
#include "base/text/decimal.h"

#include <array>
#include <charconv>
#include <limits>

#include <millrace/error.h>

namespace millrace::io {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint32_t kMeanDigits = 6;
constexpr std::uint64_t kMeanFactor = 1'000'000;

Wide magnitude(Int128 value) {
  const auto bits = static_cast<Wide>(value);
  return value < 0 ? 0 - bits : bits;
}

// Digits from the right, with a point and as many zeros before it as it takes. Division of 128 bits is slow,
// so that most digits come from 64.
void append_wide(bool negative, Wide value, std::uint32_t scale, std::string& out) {
  std::array<char, 64> text;
  std::size_t at = text.size();
  std::uint32_t digits = 0;
  if (value == 0) negative = false;
  const auto put = [&](std::uint64_t digit) {
    if (digits == scale && scale > 0) text[--at] = '.';
    text[--at] = static_cast<char>('0' + digit);
    ++digits;
  };
  for (; value > std::numeric_limits<std::uint64_t>::max(); value /= 10)
    put(static_cast<std::uint64_t>(value % 10));
  for (auto rest = static_cast<std::uint64_t>(value); rest != 0 || digits <= scale; rest /= 10) put(rest % 10);
  if (negative) text[--at] = '-';
  out.append(text.data() + at, text.size() - at);
}

}  // namespace

void append_decimal(Int128 value, std::uint32_t scale, std::string& out) {
  const auto low = static_cast<std::int64_t>(value);
  if (scale > 0 || low != value) return append_wide(value < 0, magnitude(value), scale, out);
  std::array<char, 24> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), low);
  out.append(text.data(), end);
}

void append_mean(Int128 sum, std::int64_t count, std::uint32_t scale, std::string& out) {
  check(count > 0, "a mean has something to average");
  const auto divisor = static_cast<std::uint64_t>(count);
  const Wide whole = magnitude(sum) / divisor;
  const Wide dividend = (magnitude(sum) % divisor) * kMeanFactor;
  const auto rest = static_cast<std::uint64_t>(dividend % divisor);
  const std::uint64_t missing = divisor - rest;
  Wide quotient = whole * kMeanFactor + dividend / divisor;
  if (rest > missing || (rest == missing && quotient % 2 == 1)) ++quotient;
  append_wide(sum < 0, quotient, scale + kMeanDigits, out);
}

}  // namespace millrace::io

namespace millrace {

std::string to_string(Int128 value, std::uint32_t scale) {
  std::string text;
  io::append_decimal(value, scale, text);
  return text;
}

}  // namespace millrace
