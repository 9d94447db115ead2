// Pauses between retries: they double, and no time lies beyond all time.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/backoff.h"

#include <gtest/gtest.h>

namespace millrace::backoff_test {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kLongest = std::chrono::nanoseconds::max();
constexpr Instant kNow{1h};

Backoff with(unsigned retries, std::chrono::nanoseconds pause) {
  Options options;
  options.retries = retries;
  options.retry_pause = pause;
  return Backoff(options);
}

TEST(Later, EndsWhereTimeEnds) {
  EXPECT_EQ(later(kNow, 5s), kNow + 5s);
  EXPECT_EQ(later(kNow, 0s), kNow);
  EXPECT_EQ(later(kNow, kLongest), kNever);
  EXPECT_EQ(later(kNever, 1ns), kNever);
  EXPECT_EQ(later(kNow, kNever - kNow), kNever);
  EXPECT_EQ(later(kNow, kNever - kNow - 1ns), kNever - 1ns);
  EXPECT_EQ(later(Instant::min(), kLongest), Instant{-1ns});
}

TEST(Backoff, DoublesThePauseWithEachFailureInARow) {
  Backoff backoff = with(3, 100ms);
  EXPECT_LE(backoff.until(), kNow);
  for (const std::chrono::nanoseconds pause : {100ms, 200ms, 400ms}) {
    EXPECT_FALSE(backoff.exhausted());
    backoff.failed(kNow);
    EXPECT_EQ(backoff.until(), kNow + pause);
  }
  EXPECT_TRUE(backoff.exhausted());
  backoff.succeeded();
  EXPECT_FALSE(backoff.exhausted());
  EXPECT_LE(backoff.until(), kNow);
  backoff.failed(kNow);
  EXPECT_EQ(backoff.until(), kNow + 100ms);
}

TEST(Backoff, APauseThatNeverEndsIsNotAnEarlierOne) {
  for (const std::chrono::nanoseconds pause :
       {kLongest, kLongest / 2, kLongest / 1000, std::chrono::nanoseconds{365 * 24h}}) {
    Backoff backoff = with(100, pause);
    Instant last = kNow;
    for (int i = 0; i < 100; ++i) {
      backoff.failed(kNow);
      EXPECT_GE(backoff.until(), last);
      last = backoff.until();
    }
    EXPECT_EQ(last, kNever);
  }
}

}  // namespace
}  // namespace millrace::backoff_test
