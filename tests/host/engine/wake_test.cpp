// When threads of a job wake: not while nothing comes, and at the end of a window that has something to show.
// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include <gtest/gtest.h>

#include <millrace/testing/manual_clock.h>
#include <millrace/testing/memory_sink.h>
#include <millrace/testing/memory_source.h>

#include "host/engine/pipeline.h"

namespace millrace::wake_test {
namespace {

using namespace std::chrono_literals;
using testing::ManualClock;
using testing::MemorySink;
using testing::MemorySource;

/// Counts how often the engine disturbs its reader.
class WatchedSource final : public Source {
 public:
  explicit WatchedSource(std::atomic<int>& wakes) : wakes_(wakes) {}
  ReadResult read(std::span<std::byte> into, const Records& records, Deadline deadline) override {
    return inner.read(into, records, deadline);
  }
  std::span<const Partition> partitions() const override { return inner.partitions(); }
  void marks(Marks& changed) override { inner.marks(changed); }
  bool replayable() const override { return false; }
  void seek(std::span<const Mark> marks) override { inner.seek(marks); }
  void committed(std::span<const Mark> marks) override { inner.committed(marks); }
  void wake() noexcept override {
    ++wakes_;
    inner.wake();
  }

  MemorySource inner{Framing{}, false};

 private:
  std::atomic<int>& wakes_;
};

/// Lets the test act in the middle of a step: whenever somebody looks at the time.
class WatchedClock final : public Clock {
 public:
  explicit WatchedClock(const Clock& inner) : inner_(inner) {}
  Instant now() const override {
    if (on_look) on_look();
    return inner_.now();
  }
  Timestamp wall() const override { return inner_.wall(); }

  std::function<void()> on_look;

 private:
  const Clock& inner_;
};

/// A job of two readers on one thread, at a time of the test's choice.
class SteppedJob {
 public:
  explicit SteppedJob(std::chrono::nanoseconds every, std::chrono::nanoseconds commit_every = 0ns,
                      Options options = {}) {
    Plan plan;
    plan.every = every;
    options.batch_bytes = 4096;
    options.commit_every = commit_every;
    PipelineParts parts{.plan = plan,
                        .options = options,
                        .sources = {},
                        .sinks = {sink},
                        .backend = make_cpu_backend(plan, {.threads = 1}),
                        .fallback = {},
                        .migration = MigrationOptions(),
                        .log = std::make_unique<NoEpochLog>(),
                        .clock = watched_clock,
                        .budget = unlimited_budget()};
    for (std::size_t i = 0; i < kReaders; ++i) {
      auto source = std::make_unique<WatchedSource>(wakes);
      sources.push_back(source.get());
      parts.sources.push_back(std::move(source));
    }
    pipeline.emplace(std::move(parts));
  }

  /// Everybody does what there is to do now. Returns when a thread would wake by the clock.
  Instant settle() {
    for (;;) {
      progress_ = false;
      wake_ = kNever;
      const int wakes_before = wakes;
      for (const auto& reader : pipeline->readers()) add(reader->step(Instant::min()));
      add(pipeline->engine().step());
      add(pipeline->committer().step());
      if (!progress_ && wakes == wakes_before) return wake_;
    }
  }
  std::uint64_t rows() const { return pipeline->metrics().rows; }

  static constexpr int kReaders = 2;
  ManualClock clock;
  WatchedClock watched_clock{clock};
  std::atomic<int> wakes{0};
  std::vector<WatchedSource*> sources;
  std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
  std::optional<Pipeline> pipeline;

 private:
  void add(const Step& step) {
    progress_ = progress_ || step.progress;
    wake_ = std::min(wake_, step.wake);
  }

  bool progress_ = false;
  Instant wake_ = kNever;
};

void expect_silence(SteppedJob& job) {
  const int wakes = job.wakes;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(job.settle(), kNever) << "a thread wakes for nothing";
    job.clock.advance(1ms);
  }
  EXPECT_EQ(job.wakes, wakes) << "a marker was asked for though nothing has come";
}

TEST(Wake, AJobWithoutInputSleeps) {
  SteppedJob job(1ms, 1ms);
  expect_silence(job);
}

TEST(Wake, ARowLeavesAtTheEndOfItsWindow) {
  SteppedJob job(1ms);
  for (std::uint64_t rows = 1; rows <= 3; ++rows) {
    job.settle();
    job.clock.advance(300us);  // the clock of the test starts with a window
    const Instant end = job.clock.now() + 700us;
    job.sources[0]->inner.push("word" + std::to_string(rows) + "\n");
    EXPECT_EQ(job.settle(), end);
    job.clock.advance(700us - 1ns);
    EXPECT_EQ(job.settle(), end);
    EXPECT_EQ(job.rows(), rows - 1) << "the window is open";
    job.clock.advance(1ns);
    EXPECT_EQ(job.settle(), kNever);
    EXPECT_EQ(job.rows(), rows);
    EXPECT_EQ(job.wakes, static_cast<int>(rows) * SteppedJob::kReaders) << "one marker of each reader";
  }
  expect_silence(job);
}

TEST(Wake, ALongWindowIsCommittedOnceForWhatHasCome) {
  SteppedJob job(1h, 10ms);
  job.sources[0]->inner.push("word\n");
  job.settle();
  job.clock.advance(200ms);  // closes the batch
  job.settle();
  EXPECT_EQ(job.wakes, SteppedJob::kReaders);
  job.clock.advance(10ms);
  EXPECT_GT(job.settle(), job.clock.now() + 1min) << "nothing has come since: only the window's end is awaited";
  EXPECT_EQ(job.wakes, SteppedJob::kReaders);
}

// The engine ends a round with nothing to show while the reader is about to sleep: it must not sleep through
// that.
TEST(Wake, AReaderWhosePartitionsWereRevokedIsWokenThoughNothingIsShown) {
  SteppedJob job(0s);
  Pipeline& pipeline = *job.pipeline;
  Reader& revoked = *pipeline.readers()[0];
  job.sources[0]->inner.push_revoked();
  EXPECT_TRUE(revoked.step(Instant::min()).progress) << "it tells of the revocation";
  while (pipeline.engine().step().progress) {
  }
  for (const auto& reader : pipeline.readers())
    EXPECT_TRUE(reader->step(Instant::min()).progress) << "it marks";

  // As its thread would, whenever that runs: it looks for work when it is notified.
  const EventCount& events = pipeline.ring().readers;
  std::uint64_t seen = events.seen();
  Step last = Step::done();
  const auto reader_runs = [&] {
    while (!last.waited && (last.progress || events.seen() != seen)) {
      seen = events.seen();
      last = revoked.step(Instant::min());
    }
  };
  bool runs = false;
  job.watched_clock.on_look = [&] {
    if (std::exchange(runs, true)) return;
    reader_runs();
    runs = false;
  };
  while (pipeline.engine().step().progress) {
  }
  reader_runs();
  EXPECT_TRUE(last.waited) << "it reads on";
}

// Times that would end beyond all time are never.
TEST(Wake, NobodyWakesForATimeThatNeverComes) {
  Options options;
  options.batch_time = std::chrono::nanoseconds::max();
  SteppedJob job(std::chrono::nanoseconds::max(), std::chrono::nanoseconds::max(), options);
  job.sources[0]->inner.push("word\n");
  EXPECT_GT(job.settle(), job.clock.now() + 24h * 365 * 200);
  EXPECT_EQ(job.wakes, 0) << "a batch was closed, and a marker asked for";
  EXPECT_EQ(job.pipeline->metrics().batches, 0U);
}

TEST(Wake, ACommitFollowsTheLastOneByTheTimeThatWasAsked) {
  Options options;
  options.batch_time = 1ms;
  SteppedJob job(1h, 100ms, options);
  for (int commits = 1; commits <= 3; ++commits) {
    job.sources[0]->inner.push("word\n");
    job.settle();
    job.clock.advance(1ms);  // closes the batch
    job.settle();
    EXPECT_EQ(job.wakes, (commits - 1) * SteppedJob::kReaders) << "it is too early for a marker";
    job.clock.advance(99ms);
    job.settle();
    EXPECT_EQ(job.wakes, commits * SteppedJob::kReaders);
  }
}

TEST(Wake, ADrainIsPassedOnOnce) {
  SteppedJob job(0s);
  job.pipeline->drain();
  for (int i = 0; i < 5; ++i) job.pipeline->engine().step();
  EXPECT_EQ(job.wakes, SteppedJob::kReaders);
}

}  // namespace
}  // namespace millrace::wake_test
