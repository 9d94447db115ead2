// Sums and medians of what a job's threads noted.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/time_spent.h"

#include <gtest/gtest.h>

#include <millrace/testing/manual_clock.h>

namespace millrace::time_spent_test {
namespace {

using namespace std::chrono_literals;

Instant at(std::chrono::nanoseconds time) {
  return Instant(time);
}

std::chrono::nanoseconds part(const std::vector<TimeSpent::Part>& parts, std::string_view what) {
  for (const TimeSpent::Part& each : parts)
    if (each.what == what) return each.time;
  ADD_FAILURE() << "nothing is said of " << what;
  return {};
}

TEST(TimeSpent, EachStageEndsWhereTheNextBegins) {
  Timeline timeline;
  timeline.batches.add({at(1ms), at(3ms), at(7ms), at(15ms), at(31ms), 9ms});
  for (int i = 0; i < 2; ++i) timeline.batches.add({at(1ms), at(3ms), at(7ms), at(15ms), at(31ms), 0ms});
  EpochTimes epoch{at(1ms), at(3ms), at(7ms), at(15ms), at(31ms), at(63ms), at(127ms), {}};
  epoch.sinks[0] = 5ms;
  epoch.sinks[1] = 6ms;
  timeline.epochs.add(epoch);
  const TimeSpent time = time_spent(timeline, 3, 2, 9s);
  EXPECT_EQ(time.elapsed, 9s);
  EXPECT_EQ(time.readers, 3U);
  EXPECT_EQ(part(time.batch, "to fill"), 2ms);
  EXPECT_EQ(part(time.batch, "in the queue"), 4ms);
  EXPECT_EQ(part(time.batch, "to submit"), 8ms);
  EXPECT_EQ(part(time.batch, "to count"), 16ms);
  EXPECT_EQ(part(time.batch, "of that at work"), 9ms);
  EXPECT_EQ(part(time.epoch, "to mark"), 2ms);
  EXPECT_EQ(part(time.epoch, "to collect"), 4ms);
  EXPECT_EQ(part(time.epoch, "to log"), 8ms);
  EXPECT_EQ(part(time.epoch, "to fold"), 16ms);
  EXPECT_EQ(part(time.epoch, "to show"), 32ms);
  EXPECT_EQ(part(time.epoch, "to commit"), 64ms);
  EXPECT_EQ(time.sinks, (std::vector<std::chrono::nanoseconds>{5ms, 6ms}));
}

TEST(TimeSpent, MediansAreOfTheLatest) {
  Timeline timeline;
  for (int i = 0; i < 1000; ++i) timeline.batches.add({at(0ms), at(1h), {}, {}, {}, {}});
  constexpr auto kKept = static_cast<int>(History<BatchTimes>::kKept);
  for (int i = 0; i < kKept; ++i) timeline.batches.add({at(0ms), at(i == 0 ? 24h : 2ms), {}, {}, {}, {}});
  EXPECT_EQ(timeline.batches.latest().size(), History<BatchTimes>::kKept);
  const TimeSpent time = time_spent(timeline, 1, 1, 1s);
  EXPECT_EQ(part(time.batch, "to fill"), 2ms);
  EXPECT_EQ(time.batch.size(), 4U)
      << "a backend that does not say what its work takes is not said to take none";
}

TEST(TimeSpent, AJobWithoutBatchesAndEpochsHasNoStages) {
  const TimeSpent time = time_spent(Timeline{}, 1, 4, 1s);
  EXPECT_TRUE(time.batch.empty());
  EXPECT_TRUE(time.epoch.empty());
  EXPECT_TRUE(time.sinks.empty());
}

TEST(TimeSpent, SinksBehindTheEighthAreTakenTogether) {
  Timeline timeline;
  timeline.epochs.add({});
  EXPECT_EQ(time_spent(timeline, 1, 20, 1s).sinks.size(), kSinksTimed);
}

TEST(TimeSpent, EveryActivityIsToldUnderItsName) {
  Timeline timeline;
  testing::ManualClock clock;
  const auto spend = [&](Activity activity, std::chrono::nanoseconds time) {
    const Stopwatch watch(timeline, activity, clock);
    clock.advance(time);
  };
  for (int i = 0; i < 2; ++i) {
    spend(Activity::source, 1ms);
    spend(Activity::placing, 2ms);
    spend(Activity::reader_waits, 3ms);
    spend(Activity::backend, 4ms);
    spend(Activity::collect, 5ms);
    spend(Activity::engine_waits, 6ms);
    spend(Activity::committer_waits, 7ms);
  }
  const TimeSpent time = time_spent(timeline, 1, 1, 1s);
  EXPECT_EQ(part(time.reading, "in their sources"), 2ms);
  EXPECT_EQ(part(time.reading, "placing records"), 4ms);
  EXPECT_EQ(part(time.reading, "waiting"), 6ms);
  EXPECT_EQ(part(time.counting, "waiting for the backend"), 8ms);
  EXPECT_EQ(part(time.counting, "collecting"), 10ms);
  EXPECT_EQ(part(time.counting, "waiting"), 12ms);
  EXPECT_EQ(part(time.finishing, "waiting"), 14ms);
}

}  // namespace
}  // namespace millrace::time_spent_test
