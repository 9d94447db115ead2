// Decimal values: the grammar, the scale and the edges of 64 bits.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/value.h"

#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/support/property.h"

namespace millrace::value_test {
namespace {

Value parse(std::string_view text, std::uint32_t scale) {
  return parse_value(text.data(), static_cast<std::uint32_t>(text.size()), scale);
}

TEST(Value, ReadsTheGrammar) {
  EXPECT_EQ(parse("0", 0).number, 0);
  EXPECT_EQ(parse("-0", 0).number, 0);
  EXPECT_EQ(parse("+12", 0).number, 12);
  EXPECT_EQ(parse("12.34", 2).number, 1234);
  EXPECT_EQ(parse("12.3", 4).number, 123000);
  EXPECT_EQ(parse("-0.07", 2).number, -7);
  EXPECT_EQ(parse("000000000000000000000000000012", 0).number, 12);
}

TEST(Value, RefusesEverythingElse) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv,    "+"sv,   "-"sv,     "."sv,    "1."sv,  ".5"sv,  "-.5"sv, "+-1"sv,  " 1"sv,  "1 "sv, "1e3"sv,
        "0x1"sv, "1,5"sv, "1.5.2"sv, "1.-5"sv, "nan"sv, "inf"sv, "1\0"sv, "\xff"sv, "1.x"sv, "--1"sv})
    EXPECT_EQ(parse(text, 4).status, ValueStatus::malformed) << '"' << text << '"';
}

TEST(Value, DecimalsBeyondTheScaleMustBeZeros) {
  EXPECT_EQ(parse("1.0", 0).number, 1);
  EXPECT_EQ(parse("1.230000", 2).number, 123);
  EXPECT_EQ(parse("1.231", 2).status, ValueStatus::malformed);
  EXPECT_EQ(parse("1.230001", 2).status, ValueStatus::malformed);
}

TEST(Value, TellsOverflowFromMalformed) {
  EXPECT_EQ(parse("9223372036854775807", 0).number, INT64_MAX);
  EXPECT_EQ(parse("-9223372036854775808", 0).number, INT64_MIN);
  EXPECT_EQ(parse("-922337203685477580.8", 1).number, INT64_MIN);
  EXPECT_EQ(parse("9.223372036854775807", 18).number, INT64_MAX);
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "18446744073709551616",
                           "18446744073709551617", "99999999999999999999999999999999999999"})
    EXPECT_EQ(parse(text, 0).status, ValueStatus::overflow) << text;
  EXPECT_EQ(parse("922337203685477580.8", 1).status, ValueStatus::overflow);
  EXPECT_EQ(parse("10", 18).status, ValueStatus::overflow);
  EXPECT_EQ(parse("9223372036854775808.", 0).status, ValueStatus::malformed);
  EXPECT_EQ(parse("9223372036854775808.1", 0).status, ValueStatus::malformed);
}

TEST(Value, WhatIsPrintedIsReadAgain) {
  check_property(3000, [] {
    const auto number =
        *rc::gen::oneOf(rc::gen::arbitrary<std::int64_t>(), rc::gen::element(INT64_MAX, INT64_MIN),
                        rc::gen::inRange<std::int64_t>(-1000, 1000));
    const auto scale = *rc::gen::inRange<std::uint32_t>(0, kScaleMax + 1);
    const std::uint64_t magnitude =
        number < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    std::string digits = std::to_string(magnitude);
    if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
    if (scale > 0) digits.insert(digits.size() - scale, ".");
    const Value value = parse((number < 0 ? "-" : "") + digits, scale);
    RC_ASSERT(value.status == ValueStatus::ok);
    RC_ASSERT(value.number == number);
  });
}

}  // namespace
}  // namespace millrace::value_test
