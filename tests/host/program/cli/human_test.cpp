// Numbers and texts for people.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/human.h"

#include <gtest/gtest.h>

namespace millrace::cli::human_test {
namespace {

using namespace std::chrono_literals;

TEST(Human, Counts) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1000), "1,000");
  EXPECT_EQ(human_count(1234567), "1,234,567");
  EXPECT_EQ(human_count(18446744073709551615U), "18,446,744,073,709,551,615");
}

TEST(Human, Bytes) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1024), "1.0 KiB");
  EXPECT_EQ(human_bytes(1.5 * 1024 * 1024), "1.5 MiB");
  EXPECT_EQ(human_bytes(1024.0 * 1024 - 1), "1.0 MiB") << "never 1024.0 KiB";
  EXPECT_EQ(human_bytes(1e18), "909494.7 TiB") << "there is no larger unit";
}

TEST(Human, Times) {
  EXPECT_EQ(human_time(850ms), "0.85 s");
  EXPECT_EQ(human_time(9999ms), "10 s");
  EXPECT_EQ(human_time(59400ms), "59 s");
  EXPECT_EQ(human_time(59600ms), "1 min 0 s");
  EXPECT_EQ(human_time(3599400ms), "59 min 59 s");
  EXPECT_EQ(human_time(3599600ms), "1 h 0 min");
  EXPECT_EQ(human_time(3723s), "1 h 2 min");
}

}  // namespace
}  // namespace millrace::cli::human_test
