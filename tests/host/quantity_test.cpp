// Numbers with units: what is read and how errors speak.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/quantity.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/error.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

template <class Parse>
std::string error_of(Parse parse, std::string_view text) {
  try {
    parse(text);
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 64);
    return error.what();
  }
  return "no error";
}

TEST(Quantity, CountsHaveDecimalUnits) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("20"), 20U);
  EXPECT_EQ(parse_count("007"), 7U);
  EXPECT_EQ(parse_count("10k"), 10'000U);
  EXPECT_EQ(parse_count("10M"), 10'000'000U);
  EXPECT_EQ(parse_count("1.5M"), 1'500'000U);
  EXPECT_EQ(parse_count("2 G"), 2'000'000'000U);
  EXPECT_EQ(parse_count("18446744073709551615"), 18446744073709551615U);
}

TEST(Quantity, SizesKnowBothKindsOfUnits) {
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_size("4096B"), 4096U);
  EXPECT_EQ(parse_size("64MiB"), std::size_t{64} << 20);
  EXPECT_EQ(parse_size("1.5KiB"), 1536U);
  EXPECT_EQ(parse_size("2GiB"), std::size_t{2} << 30);
  EXPECT_EQ(parse_size("1TiB"), std::size_t{1} << 40);
  EXPECT_EQ(parse_size("3kB"), 3000U);
  EXPECT_EQ(parse_size("3 MB"), 3'000'000U);
  EXPECT_EQ(parse_size("1TB"), 1'000'000'000'000U);
}

TEST(Quantity, DurationsNeedAUnit) {
  EXPECT_EQ(parse_duration("0"), 0ns);
  EXPECT_EQ(parse_duration("7ns"), 7ns);
  EXPECT_EQ(parse_duration("8us"), 8us);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("1s"), 1s);
  EXPECT_EQ(parse_duration("0.5s"), 500ms);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("2min"), 2min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("1.5d"), 36h);
  EXPECT_THAT(error_of(parse_duration, "5"), HasSubstr("has no unit: use ns, us, ms, s, m (or min), h or d"));
}

TEST(Quantity, ErrorsQuoteTheTextAndSayWhatToDo) {
  EXPECT_EQ(error_of(parse_size, "64Mib"),
            "\"64Mib\" has the unknown unit \"Mib\": use B, KiB, MiB, GiB, TiB, kB, MB, GB or TB");
  EXPECT_EQ(error_of(parse_count, "many"), "\"many\" is not a number: write it as 20, 10k or 1M");
  EXPECT_THAT(error_of(parse_count, ""), HasSubstr("is not a number"));
  EXPECT_THAT(error_of(parse_count, "."), HasSubstr("is not a number"));
  EXPECT_THAT(error_of(parse_count, "1."), HasSubstr("is not a number"));
  EXPECT_THAT(error_of(parse_count, "+1"), HasSubstr("is not a number"));
  EXPECT_THAT(error_of(parse_count, "-1"), HasSubstr("is negative"));
  EXPECT_THAT(error_of(parse_count, "1  k"), HasSubstr("unknown unit"));
  EXPECT_THAT(error_of(parse_count, "1e3"), HasSubstr("unknown unit \"e3\""));
  EXPECT_THAT(error_of(parse_size, "1.0001KiB"), HasSubstr("is not a whole number of bytes"));
  EXPECT_THAT(error_of(parse_duration, "0.1ns"), HasSubstr("is not a whole number of nanoseconds"));
}

TEST(Quantity, WhatDoesNotFitIsTooLarge) {
  EXPECT_THAT(error_of(parse_count, "18446744073709551616"), HasSubstr("is too large"));
  EXPECT_THAT(error_of(parse_size, "99999999TiB"), HasSubstr("is too large"));
  EXPECT_THAT(error_of(parse_duration, "3000000h"), HasSubstr("is too large"));
  EXPECT_THAT(error_of(parse_count, std::string(40, '9')), HasSubstr("is too large"));
}

}  // namespace
}  // namespace millrace
