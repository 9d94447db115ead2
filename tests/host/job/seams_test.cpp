// Whole jobs on the test kit: a clock that the test moves, a disk in memory, a backend whose device is lost.
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/millrace.h>
#include <millrace/testing/fake_disk.h>
#include <millrace/testing/hooked.h>
#include <millrace/testing/manual_clock.h>

#include "tests/host/job/memory_jobs.h"
#include "tests/io/temporary_directory.h"

namespace millrace::testing::seams_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Optional;
using Totals = std::map<std::string, std::int64_t>;

/// Whether it comes true, in the time of the machine.
bool soon(const std::function<bool()>& condition) {
  for (const Instant end = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

/// A job on a clock that the test moves, and a feed that it writes.
class ClockSeam : public ::testing::Test {
 protected:
  ClockSeam() {
    const SourceFactory make = memory([this](MemorySource& source) { feed_ = &source; }, false);
    job_.from_sources = {[this, make](const SourceOptions& options) {
      SourceList list = make(options);
      list[0] = std::make_unique<HookedSource>(std::move(list[0]), [this](std::string_view) { ++calls_; });
      return list;
    }};
    job_.to_sinks = {sink_};
    job_.seams.clock = &clock_;
  }
  /// REQUIRES: a batch closes with each record.
  bool count(RunningJob& running, std::string_view word) {
    const std::uint64_t before = running.progress().batches;
    feed_->push(std::string(word) + '\n');
    return soon([&] { return running.progress().batches > before; });
  }

  ManualClock clock_;
  MemorySource* feed_ = nullptr;
  std::atomic<int> calls_ = 0;  ///< of the source
  std::shared_ptr<MemorySink> sink_ = std::make_shared<MemorySink>();
  Job job_;
};

TEST_F(ClockSeam, AWindowEndsWhenTheTestMovesTheClock) {
  job_.plan.every = 1h;
  job_.options.batch_records = 1;
  RunningJob running = start(job_);
  ASSERT_TRUE(count(running, "tick"));
  clock_.advance(1h - 1ns);
  ASSERT_TRUE(count(running, "tick"));
  EXPECT_EQ(sink_->begins(), 0U);
  clock_.advance(1ns);
  ASSERT_TRUE(soon([&] { return sink_->finishes() == 1; }));
  ASSERT_TRUE(count(running, "tock"));
  feed_->finish();
  EXPECT_EQ(running.wait().time.elapsed, 1h);

  const Timestamp begin = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
  const auto row = [&](auto from, std::string key, std::int64_t count) {
    return MemoryRow{Window{begin + from, begin + from + 1h}, std::move(key), count, {count}};
  };
  EXPECT_THAT(sink_->rows(), ElementsAre(row(0h, "tick", 2), row(1h, "tock", 1)));
}

// Its deadline is one of the clock's, which the source does not know; nor does it return at once, again and
// again.
TEST_F(ClockSeam, ABatchClosesAtItsAgeWhileTheSourceWaits) {
  job_.plan.every = 24h;  // so that the engine looks for what the backend has done
  RunningJob running = start(job_);
  feed_->push("word\n");
  ASSERT_TRUE(soon([&] { return running.progress().bytes_read == 5; }));
  std::this_thread::sleep_for(3 * job_.options.batch_time);
  EXPECT_EQ(running.progress().batches, 0U) << "no time has passed";
  EXPECT_LT(calls_, 2'000);
  EXPECT_TRUE(soon([&] {
    clock_.advance(job_.options.batch_time);
    return running.progress().batches == 1;
  }));
  feed_->finish();
  running.wait();
  EXPECT_EQ(totals(*sink_), (Totals{{"word", 1}}));
}

TEST_F(ClockSeam, ARetryWaitsForTheClock) {
  std::atomic<int> failures = 0;
  job_.to_sinks = {std::make_shared<HookedSink>(sink_, [&](std::string_view call) {
    if (call == "begin" && failures++ == 0) throw TransientError("the sink stumbled");
  })};
  job_.options.retry_pause = 1h;
  RunningJob running = start(job_);
  feed_->push("word\n");
  feed_->finish();
  ASSERT_TRUE(soon([&] { return running.progress().retries == 1; }));
  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(running.finished());
  EXPECT_TRUE(soon([&] {
    clock_.advance(1h);
    return running.finished();
  }));
  EXPECT_EQ(totals(*sink_), (Totals{{"word", 1}}));
}

TEST(DiskSeam, AnOutputAppearsOnTheDiskThatIsGiven) {
  const TemporaryDirectory directory;
  FakeDisk disk;
  const std::filesystem::path file = directory.path() / "counts.csv";
  const std::filesystem::path absent = directory.path() / "no/such";
  Job job{.from_sources = {text("b a b\n")}, .to = {file, absent / ""}};
  job.seams.disk = &disk;
  run(job);
  EXPECT_THAT(disk.contents(file), Optional(std::string("key,count\nb,2\na,1\n")));
  EXPECT_THAT(disk.list(absent), ElementsAre("epoch-000000000001.txt"));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

/// A CPU whose device is lost when it is called so for the `call`-th time.
Seams::MakeBackend lost_at(std::string_view name, int call) {
  return [name, call](const Plan& plan, const BackendOptions& options) {
    return std::make_unique<HookedBackend>(make_cpu_backend(plan, options),
                                           [name, calls = 0, call](std::string_view made) mutable {
                                             if (made == name && ++calls == call)
                                               throw DeviceError("it fell off");
                                           });
  };
}

TEST(BackendSeam, ADeviceThatIsLostInTheMiddleCostsNoRow) {
  std::string words;
  for (int i = 0; i < 3'000; ++i) words += "w" + std::to_string(i % 7) + (i % 5 == 0 ? "\n" : " ");
  Totals truth;
  for (int i = 0; i < 3'000; ++i) ++truth["w" + std::to_string(i % 7)];
  for (const bool replayable : {true, false})
    for (const auto& [name, call] :
         {std::pair("submit", 20), std::pair("reclaim", 20), std::pair("collect", 1)}) {
      const auto sink = std::make_shared<MemorySink>();
      const auto whole = [&words](MemorySource& source) {
        source.push(words);
        source.finish();
      };
      Job job{.from_sources = {memory(whole, replayable)}, .to_sinks = {sink}};
      job.options.batch_bytes = 128;
      job.seams.backend = lost_at(name, call);
      EXPECT_EQ(run(job).progress.device_fallbacks, 1U) << name;
      EXPECT_EQ(totals(*sink), truth) << name;
      job.options.backend = BackendKind::cuda;
      EXPECT_THROW(run(job), DeviceError) << "who asks for a device does not go on without";
    }
}

TEST(BackendSeam, ABackendIsMadeForThePlanAndInTheMemoryOfTheJob) {
  Job job{.from_sources = {text("a,1\na,2\n")}, .to_sinks = {std::make_shared<MemorySink>()}};
  job.plan.keyed_by = KeyedBy::fields;
  job.plan.fields.values = {2};
  job.plan.measures = {{Reduction::sum, 0}};
  job.options.threads = 3;
  job.options.memory = std::size_t{64} << 20;
  std::string told;
  job.options.on_event = [&](const Event& event) { told += event.text; };
  job.seams.backend = [&](const Plan& plan, const BackendOptions& options) {
    EXPECT_EQ(plan, job.plan);
    EXPECT_EQ(options.threads, 3U);
    EXPECT_EQ(options.workers->size(), 3U);
    EXPECT_EQ(options.budget->limit(), job.options.memory);
    return make_cpu_backend(plan, options);
  };
  run(job);
  EXPECT_EQ(told, "cpu: the caller's own backend");
  job.name = "sales";
  told.clear();
  run(job);
  EXPECT_EQ(told, "the job sales runs on cpu: the caller's own backend");
  job.seams.backend = [](const Plan&, const BackendOptions&) { return std::unique_ptr<Backend>(); };
  EXPECT_THROW(run(job), ConfigError);
}

}  // namespace
}  // namespace millrace::testing::seams_test
