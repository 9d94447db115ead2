// Numbers with units: what is read and how errors speak.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/quantity.h>

#include <cstdint>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/error.h>

namespace millrace::quantity_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

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

TEST(Quantity, EachUnitIsWhatItSays) {
  const std::pair<const char*, std::uint64_t> counts[] = {
      {"", 1}, {"k", 1000}, {"M", 1000'000}, {"G", 1000'000'000}};
  for (const auto& [unit, factor] : counts) EXPECT_EQ(parse_count('3' + std::string(unit)), 3 * factor) << unit;

  const std::pair<const char*, std::uint64_t> sizes[] = {{"", 1},
                                                         {"B", 1},
                                                         {"kB", 1000},
                                                         {"MB", 1000'000},
                                                         {"GB", 1000'000'000},
                                                         {"TB", 1000'000'000'000},
                                                         {"KiB", 1ULL << 10},
                                                         {"MiB", 1ULL << 20},
                                                         {"GiB", 1ULL << 30},
                                                         {"TiB", 1ULL << 40}};
  for (const auto& [unit, factor] : sizes) EXPECT_EQ(parse_size('3' + std::string(unit)), 3 * factor) << unit;

  const std::pair<const char*, std::chrono::nanoseconds> times[] = {{"ns", 1ns}, {"us", 1us}, {"ms", 1ms},
                                                                    {"s", 1s},   {"m", 1min}, {"h", 1h}};
  for (const auto& [unit, span] : times) EXPECT_EQ(parse_duration('3' + std::string(unit)), 3 * span) << unit;
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

TEST(Quantity, TheLargestFits) {
  EXPECT_EQ(parse_size("18446744073709551615"), SIZE_MAX);
  EXPECT_EQ(parse_size("18014398509481983.5KiB"), SIZE_MAX - 511);
  EXPECT_EQ(parse_duration("9223372036854775807ns"), std::chrono::nanoseconds::max());
  EXPECT_THAT(error_of(parse_duration, "9223372036854775808ns"), HasSubstr("is too large"));
  EXPECT_EQ(parse_count("00000000000000000000000000000000000007"), 7U) << "zeros before a number are no digits";
  EXPECT_THAT(error_of(parse_size, "0.00000000000000000001TiB"), HasSubstr("is not a whole number"));
  EXPECT_THAT(error_of(parse_size, "0.000000000000000000001TiB"), HasSubstr("has too many digits"));
}

// Whoever gives as much as is told has enough.
TEST(Quantity, SizesAreToldInWholeUnitsAndRoundedUp) {
  EXPECT_EQ(size_text(0), "0B");
  EXPECT_EQ(size_text(1023), "1023B");
  EXPECT_EQ(size_text(1024), "1KiB");
  EXPECT_EQ(size_text(1025), "2KiB");
  EXPECT_EQ(size_text((1U << 20) - 1), "1024KiB");
  EXPECT_EQ(size_text(1U << 20), "1MiB");
  EXPECT_EQ(size_text((1U << 20) + 1), "2MiB");
  EXPECT_EQ(size_text(std::size_t{5} << 30), "5120MiB");
}

TEST(Quantity, SpansAreToldExactlyAsTheyAreRead) {
  EXPECT_EQ(duration_text(0ns), "0");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(60s), "1min");
  EXPECT_EQ(duration_text(1500ms), "1500ms");
  EXPECT_EQ(duration_text(48h), "2d");
  EXPECT_EQ(duration_text(std::chrono::nanoseconds::max()), "9223372036854775807ns");
  for (const auto span : {7ns, 8'000ns, 250'000'000ns, std::chrono::nanoseconds{3h}})
    EXPECT_EQ(parse_duration(duration_text(span)), span);
}

TEST(Quantity, WhatDoesNotFitIsTooLarge) {
  EXPECT_THAT(error_of(parse_count, "18446744073709551616"), HasSubstr("is too large"));
  EXPECT_THAT(error_of(parse_size, "99999999TiB"), HasSubstr("is too large"));
  EXPECT_THAT(error_of(parse_duration, "3000000h"), HasSubstr("is too large"));
  EXPECT_THAT(error_of(parse_count, std::string(40, '9')), HasSubstr("is too large"));
}

}  // namespace
}  // namespace millrace::quantity_test
