// Sinks and sources that fail for now: how often they are tried again, and until when.
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include <millrace/millrace.h>
#include <millrace/testing/hooked.h>

#include "tests/host/job/memory_jobs.h"

namespace millrace::retries_test {
namespace {

using namespace std::chrono_literals;
using testing::HookedSink;
using testing::HookedSource;
using testing::MemorySink;
using testing::MemorySource;

TEST(Retries, AreBounded) {
  std::atomic<int> calls{0};
  Job job{.from_sources = {text("a")},
          .to_sinks = {std::make_shared<HookedSink>(std::make_shared<MemorySink>(), [&](std::string_view call) {
            if (call == "finish" && ++calls > 0) throw TransientError("the disk is on fire");
          })}};
  job.options.retries = 3;
  job.options.retry_pause = 1us;
  EXPECT_THROW(run(std::move(job)), TransientError);
  EXPECT_EQ(calls, 4);
}

// What failed in one epoch was overcome, and does not count against the next.
TEST(Retries, AreCountedAnewForEachEpoch) {
  MemorySource* feed = nullptr;
  const auto stumbling =
      std::make_shared<MemorySink>([last = EpochId{}](MemorySink::Step, EpochId epoch) mutable {
        if (std::exchange(last, epoch) != epoch) throw TransientError("the disk stumbled");
      });
  Job job{.from_sources = {memory([&](MemorySource& source) { feed = &source; }, false)},
          .to_sinks = {stumbling}};
  job.plan.every = 10ms;
  job.options.retries = 1;
  job.options.retry_pause = 1us;
  RunningJob running = start(std::move(job));
  for (std::uint64_t epoch = 1; epoch <= 3 && !running.finished(); ++epoch) {
    feed->push("word\n");
    while (stumbling->finishes() < epoch && !running.finished()) std::this_thread::sleep_for(1ms);
  }
  if (!running.finished()) feed->finish();
  EXPECT_NO_THROW(running.wait());
  EXPECT_EQ(totals(*stumbling), (std::map<std::string, std::int64_t>{{"word", 3}}));
}

// It is told behind the end of the job, and there, too, it is told again.
TEST(Retries, ASourceThatFailsForNowStillLearnsOfTheLastCommit) {
  std::atomic<int> told{0};
  Job job{.from_sources = {[&](const SourceOptions& options) {
            SourceList list = text("a b a")(options);
            list[0] = std::make_unique<HookedSource>(std::move(list[0]), [&](std::string_view call) {
              if (call == "committed" && ++told <= 2) throw TransientError("the source stumbled");
            });
            return list;
          }},
          .to_sinks = {std::make_shared<MemorySink>()}};
  job.options.retry_pause = 50ms;
  run(std::move(job));
  EXPECT_EQ(told, 3);
}

}  // namespace
}  // namespace millrace::retries_test
