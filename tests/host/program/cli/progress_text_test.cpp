// Rates, forecasts and summaries.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/progress_text.h"

#include <gtest/gtest.h>

namespace millrace::cli::progress_text_test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMiB = 1U << 20;

TEST(ProgressText, RateShareAndForecast) {
  const Instant start{};
  ProgressText text(start);
  Progress progress;
  progress.bytes_total = 100 * kMiB;
  progress.bytes_read = 0;
  EXPECT_EQ(text.line(progress, start), "0 B of 100.0 MiB, 0%, 0 B/s");
  progress.bytes_read = 25 * kMiB;
  EXPECT_EQ(text.line(progress, start + 5s), "25.0 MiB of 100.0 MiB, 25%, 5.0 MiB/s, 15 s left");
}

TEST(ProgressText, TheRateFollowsTheLastSeconds) {
  const Instant start{};
  ProgressText text(start);
  Progress progress;
  progress.bytes_read = 10 * kMiB;
  text.line(progress, start + 1s);
  for (int second = 2; second < 30; ++second) {
    progress.bytes_read += kMiB;
    text.line(progress, start + std::chrono::seconds(second));
  }
  EXPECT_EQ(text.line(progress, start + 29s), "38.0 MiB, 1.0 MiB/s");
}

TEST(ProgressText, ARewindIsNoRate) {
  const Instant start{};
  ProgressText text(start);
  Progress progress;
  progress.bytes_read = 2 * kMiB;
  text.line(progress, start + 1s);
  progress.bytes_read = kMiB;
  EXPECT_EQ(text.line(progress, start + 1h), "1.0 MiB, 0 B/s");
  progress.bytes_read = 4 * kMiB;
  EXPECT_EQ(text.line(progress, start + 1h + 100s), "4.0 MiB, 30.7 KiB/s");
}

TEST(ProgressText, NoForecastWithoutATotalNorAtTheEnd) {
  const Instant start{};
  ProgressText text(start);
  Progress progress;
  progress.bytes_read = 2 * kMiB;
  EXPECT_EQ(text.line(progress, start + 2s), "2.0 MiB, 1.0 MiB/s");
  progress.bytes_total = 2 * kMiB;
  EXPECT_EQ(text.line(progress, start + 2s), "2.0 MiB of 2.0 MiB, 100%, 1.0 MiB/s");
  progress.bytes_total = kMiB;  // a file that grew
  EXPECT_EQ(text.line(progress, start + 2s), "2.0 MiB of 1.0 MiB, 100%, 1.0 MiB/s");
}

TEST(ProgressText, Summary) {
  Progress progress;
  progress.tokens = 1234567;
  progress.bytes_read = 8 * kMiB;
  progress.backend = "cpu";
  EXPECT_EQ(summary_text(progress, KeyedBy::words, 2s),
            "1,234,567 words, 8.0 MiB in 2.00 s, 4.0 MiB/s, on cpu");
}

TEST(ProgressText, SummaryOfEveryWayOfCountingWithoutTimeOrBackend) {
  Progress progress;
  progress.tokens = 1;
  for (const auto& [keyed_by, name] : {std::pair(KeyedBy::words, "words"), std::pair(KeyedBy::split, "pieces"),
                                       std::pair(KeyedBy::fields, "records"),
                                       std::pair(KeyedBy::record, "lines"), std::pair(KeyedBy::rows, "rows")})
    EXPECT_EQ(summary_text(progress, keyed_by, 0s), "1 " + std::string(name) + ", 0 B in 0.00 s, 0 B/s");
}

TEST(ProgressText, NothingIsWholeBeforeItsEndAndAForecastTakesASecond) {
  const Instant start{};
  ProgressText text(start);
  Progress progress;
  progress.bytes_total = 1000 * kMiB;
  progress.bytes_read = 999 * kMiB;
  EXPECT_EQ(text.line(progress, start + 999ms), "999.0 MiB of 1000.0 MiB, 99%, 1000.0 MiB/s");
  progress.bytes_read = 300 * kMiB;
  EXPECT_TRUE(text.line(progress, start + 1s).ends_with(", 3.00 s left")) << "2.3 s";
  progress.bytes_total = 0;
  EXPECT_EQ(text.line(progress, start + 1s).find('%'), std::string::npos) << "nothing was announced";
}

}  // namespace
}  // namespace millrace::cli::progress_text_test
