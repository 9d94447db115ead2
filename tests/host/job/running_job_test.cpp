// A job under way, as its caller sees it: waiting and stopping, from anywhere and as often as one likes.
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/millrace.h>
#include <millrace/testing/hooked.h>

#include "tests/host/job/memory_jobs.h"
#include "tests/io/temporary_directory.h"

namespace millrace::running_job_test {
namespace {

using namespace std::chrono_literals;
using testing::MemorySink;
using testing::MemorySource;

/// A job whose input never ends, and the source that it reads.
struct Endless {
  Endless() {
    job.from_sources = {memory([this](MemorySource& source) { feed = &source; }, false)};
    job.to_sinks = {std::make_shared<MemorySink>()};
  }
  Job job;
  MemorySource* feed = nullptr;
};

/// What each of several threads gets that wait at one time.
template <class Waiter>
void wait_in_threads(const Waiter& waiter, const std::function<void()>& end) {
  std::vector<std::jthread> threads;
  std::atomic<int> begun{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      ++begun;
      waiter();
    });
  while (begun < 4) std::this_thread::yield();
  end();
}

// Sinks are claimed one after the other, and what was made for the first goes when the last is refused.
TEST(RunningJob, AStartThatIsRefusedLeavesNoDirectory) {
  const testing::TemporaryDirectory directory;
  Endless endless;
  endless.job.to = {directory.path() / "new/deep/"};
  int calls = 0;
  endless.job.to_sinks = {
      std::make_shared<testing::HookedSink>(std::make_shared<MemorySink>(), [&](std::string_view call) {
        ++calls;
        EXPECT_EQ(call, "open");
        EXPECT_TRUE(std::filesystem::exists(endless.job.to[0]));
        throw ConfigError({"somebody else has it"});
      })};
  EXPECT_THROW((void)start(endless.job), ConfigError);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

/// Notes for which jobs it was opened.
class AskedSink final : public Sink {
 public:
  std::optional<Shown> open(const JobId& job) override {
    jobs.push_back(job);
    return answer;
  }
  void begin(const Epoch&) override { ++begins; }
  void write(std::span<const Aggregate>) override {}
  void finish(const Epoch&) override {}
  void abandon(EpochId) noexcept override {}
  Delivery delivery() const override { return Delivery::at_least_once; }

  std::vector<JobId> jobs;
  std::optional<Shown> answer;
  int begins = 0;
};

TEST(RunningJob, ASinkIsOpenedOnceForAJobWhoseIdIsLikeNoOther) {
  const auto sink = std::make_shared<AskedSink>();
  const Job job{.name = "counts", .from_sources = {text("a")}, .to_sinks = {sink}};
  for (int i = 0; i < 2; ++i) run(job);
  ASSERT_EQ(sink->jobs.size(), 2U);
  EXPECT_EQ(sink->jobs[0].name, "counts");
  EXPECT_EQ(sink->jobs[1].name, "counts");
  EXPECT_NE(sink->jobs[0].birth, sink->jobs[1].birth);
}

// Its first epoch would be taken for one that was shown.
TEST(RunningJob, ASinkThatHasFinishedAnEpochOfAJobThatBeginsIsRefused) {
  const auto sink = std::make_shared<AskedSink>();
  sink->answer = Shown{{4}};
  try {
    run(Job{.from_sources = {text("a")}, .to_sinks = {sink}});
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("has finished epoch 4 of this job"), std::string::npos);
  }
  EXPECT_EQ(sink->begins, 0);
}

TEST(RunningJob, AllThatWaitGetTheSummary) {
  Endless endless;
  RunningJob running = start(endless.job);
  endless.feed->push("a b\n");
  while (running.progress().bytes_read < 4) std::this_thread::yield();
  std::atomic<int> summaries{0};
  wait_in_threads(
      [&] {
        const Summary summary = running.wait();
        if (summary.partial && summary.progress.tokens == 2) ++summaries;
      },
      [&] { running.stop(); });
  EXPECT_EQ(summaries, 4);
  running.stop();
  EXPECT_EQ(running.wait().progress.tokens, 2U) << "waiting after the end";
}

TEST(RunningJob, AllThatWaitGetTheError) {
  Endless endless;
  RunningJob running = start(endless.job);
  std::atomic<int> errors{0};
  const auto waiter = [&] {
    try {
      running.wait();
    } catch (const IoError& error) {
      errors += std::string(error.what()) == "the cable was cut" ? 1 : 0;
    }
  };
  wait_in_threads(waiter, [&] { endless.feed->push_io_error("the cable was cut"); });
  EXPECT_EQ(errors, 4);
  waiter();
  EXPECT_EQ(errors, 5) << "waiting after the end";
  EXPECT_TRUE(running.finished());
}

TEST(RunningJob, AFunctionOfTheJobDoesNotWaitForItsOwnEnd) {
  Endless endless;
  RunningJob* handle = nullptr;
  std::atomic<bool> ready{false};
  endless.job.to_functions = {[&](std::span<const Aggregate>) {
    while (!ready) std::this_thread::yield();
    handle->wait();
  }};
  RunningJob running = start(endless.job);
  handle = &running;
  ready = true;
  endless.feed->push("a\n");
  endless.feed->finish();
  EXPECT_THROW(running.wait(), ConfigError);
}

TEST(RunningJob, EachCounterIsToldUnderItsName) {
  const testing::TemporaryDirectory directory;
  std::string records;
  for (int i = 0; i < 100; ++i) records += i % 2 == 0 ? "aa,1\n" : "bb,1\n";
  Job job{.from = {directory.write("in", records + "cc,x\n")}, .to_sinks = {std::make_shared<MemorySink>()}};
  job.plan.keyed_by = KeyedBy::fields;
  job.plan.fields.values = {2};
  job.plan.measures = {{Reduction::sum, 0}};
  job.options.batch_bytes = 64;
  job.options.readers = 1;
  RunningJob running = start(std::move(job));
  const Progress progress = running.wait().progress;
  EXPECT_TRUE(running.finished());
  EXPECT_EQ(progress.bytes_read, 505U);
  EXPECT_EQ(progress.bytes_total, 505U);
  EXPECT_GE(progress.batches, 8U);
  EXPECT_EQ(progress.batches_repeated, 0U);
  EXPECT_EQ(progress.epochs, 1U);
  EXPECT_EQ(progress.tokens, 100U);
  EXPECT_EQ(progress.rows, 2U);
  EXPECT_EQ(progress.device_fallbacks, 0U);
  EXPECT_EQ(progress.retries, 0U);
  EXPECT_EQ(progress.rejected[static_cast<std::size_t>(RejectReason::malformed)], 1U);
  EXPECT_EQ(progress.rejected_total(), 1U);
  ASSERT_EQ(progress.bad_records.size(), 1U);
  EXPECT_EQ(progress.bad_records[0].text, "cc,x");
  EXPECT_EQ(progress.bad_records[0].place(), " (" + (directory.path() / "in").string() + " at offset 500)");
  EXPECT_EQ(progress.backend, "cpu");
  EXPECT_GT(progress.memory_peak, 0U);
  EXPECT_LE(progress.memory_used, progress.memory_peak);
}

// The process has not been told to ignore SIGPIPE.
TEST(RunningJob, AReaderThatHasGoneCostsTheOthersNothing) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  const auto sink = std::make_shared<MemorySink>();
  Job job{.from_sources = {text("a b a\n")}, .to = {"/dev/fd/" + std::to_string(ends[1])}, .to_sinks = {sink}};
  run(job);
  close(ends[1]);
  EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"a", 2}, {"b", 1}}));
}

}  // namespace
}  // namespace millrace::running_job_test
