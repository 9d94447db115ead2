// One reader: the memory of its large records, the time of its batches, and sources that fail for now.
// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <millrace/testing/manual_clock.h>
#include <millrace/testing/memory_source.h>

#include "host/engine/reader/reader.h"

namespace millrace::reader_test {
namespace {

constexpr std::size_t kPoolBuffer = 100;

using namespace std::chrono_literals;

/// Says until when it may wait, and cannot be told of a commit at once.
class WatchedSource final : public testing::MemorySource {
 public:
  using MemorySource::MemorySource;
  ReadResult read(std::span<std::byte> into, const Records& records, Deadline deadline) override {
    patience = deadline;
    if (caught_up) return {ReadResult::Status::caught_up};
    if (on_read) std::exchange(on_read, nullptr)();
    return MemorySource::read(into, records, Instant::min());
  }
  void committed(std::span<const Mark> marks) override {
    if (++told <= fails) throw TransientError("the source stumbled");
    MemorySource::committed(marks);
  }

  void seek(std::span<const Mark> marks) override {
    if (++sought <= fails) throw TransientError("the source stumbled");
    MemorySource::seek(marks);
  }

  std::function<void()> on_read;  ///< once
  Deadline patience;
  bool caught_up = false;
  int sought = 0;
  int told = 0;
  int fails = 0;
};

/// A source may wait by it: it is taken for the machine's.
class MachineClock final : public Clock {
 public:
  Instant now() const override { return clock_.now(); }
  Timestamp wall() const override { return clock_.wall(); }
  void advance(std::chrono::nanoseconds by) { clock_.advance(by); }

 private:
  testing::ManualClock clock_;
};

// One reader, without an engine: the test gives the orders.
class OneReader : public ::testing::TestWithParam<std::size_t> {
 protected:
  explicit OneReader(std::chrono::nanoseconds every = {}) : panes_(every, clock_) {
    options_.max_record_bytes = kLongest;
    options_.retries = 2;
    options_.retry_pause = kPause;
    options_.batch_bytes = kPoolBuffer;
    options_.batch_records = GetParam();
    std::vector<HostBuffer> pool;
    for (int i = 0; i < 2; ++i) pool.push_back(pageable_buffer(kPoolBuffer, budget_));
    ring_.fill(std::move(pool));
    reader_.emplace(
        0, source_, mailboxes_.of(0),
        ReaderShared{plan_, host_, options_, clock_, panes_, ring_, partitions_, budget_, metrics_});
  }

  // It has asked for memory, and what it was given lies there.
  void read_until_served(const std::string& record) {
    source_.push(record);
    for (int i = 0; i < 10 && !ring_.serve_one_offs(); ++i) reader_->step(Instant::min());
  }

  // All that there is to do now.
  Step settle() {
    for (;;)
      if (const Step step = reader_->step(kNever); !step.progress) return step;
  }
  template <class Item>
  std::optional<Item> pop() {
    RingItem item;
    if (!ring_.pop(item)) return std::nullopt;
    Item* const found = std::get_if<Item>(&item);
    return found == nullptr ? std::nullopt : std::optional(std::move(*found));
  }

  // The bytes of the next batch, whose buffer goes back; 0: there is none.
  std::size_t pop_bytes() {
    const auto batch = pop<FilledBatch>();
    if (!batch) return 0;
    ring_.release(batch->buffer);
    return batch->bytes;
  }

  static constexpr std::size_t kLongest = 6000;
  static constexpr std::chrono::nanoseconds kPause = 10s;
  Plan plan_;
  HostFunction host_;
  Options options_;
  MachineClock clock_;
  MemoryBudget budget_{1 << 20};
  Metrics metrics_;
  PaneClock panes_;
  Ring ring_{budget_};
  PartitionTable partitions_{1};
  ReaderMailboxes mailboxes_{1, ring_.readers, [](std::size_t) {}};
  WatchedSource source_{Framing{.max_record_bytes = kLongest}};
  std::optional<Reader> reader_;
};

// Straight into batches, and through a staging buffer.
INSTANTIATE_TEST_SUITE_P(BatchRecords, OneReader, ::testing::Values(0, 10));

TEST_P(OneReader, AMarkedOneHoldsNoMemoryThatOthersMayWaitFor) {
  const std::size_t before = budget_.used();
  read_until_served(std::string(5000, 'x') + "\n");
  ASSERT_GE(budget_.used(), before + 5000);
  mailboxes_.ask_for_markers();
  EXPECT_TRUE(reader_->step(Instant::min()).progress);
  EXPECT_LT(budget_.used(), before + 5000);
}

TEST_P(OneReader, OneThatGoesBackHoldsNoMemoryThatOthersMayWaitFor) {
  const std::size_t before = budget_.used();
  read_until_served(std::string(5000, 'x') + "\n");
  std::vector<ReaderPosition> start(1);
  source_.marks(start[0].marks);
  mailboxes_.rewind(start);
  EXPECT_TRUE(reader_->step(Instant::min()).progress);
  EXPECT_LT(budget_.used(), before + 5000);
}

TEST_P(OneReader, ALargeRecordGoesToTheEngineAtOnce) {
  source_.push(std::string(kPoolBuffer + 1, 'x') + "\n");  // so its buffer has room for more
  RingItem item;
  for (int i = 0; i < 10 && !ring_.pop(item); ++i) {
    ring_.serve_one_offs();
    reader_->step(Instant::min());
  }
  const auto* batch = std::get_if<FilledBatch>(&item);
  ASSERT_TRUE(batch != nullptr);
  EXPECT_GT(batch->bytes, kPoolBuffer);
}

TEST_P(OneReader, AfterALargeRecordOthersGoIntoBuffersOfThePool) {
  source_.push(std::string(kPoolBuffer + 1, 'x') + "\n");
  std::optional<FilledBatch> large;
  for (int i = 0; i < 10 && !large; ++i) {
    ring_.serve_one_offs();
    reader_->step(Instant::min());
    large = pop<FilledBatch>();
  }
  ASSERT_TRUE(large);
  EXPECT_GT(ring_.memory(large->buffer).size(), kPoolBuffer);
  source_.push("a\n");
  settle();
  clock_.advance(options_.batch_time);
  settle();
  EXPECT_FALSE(ring_.serve_one_offs());
  const auto small = pop<FilledBatch>();
  ASSERT_TRUE(small);
  EXPECT_EQ(ring_.memory(small->buffer).size(), kPoolBuffer);
}

TEST_P(OneReader, ASourceMayWaitUntilTheOpenBatchIsDue) {
  settle();
  EXPECT_EQ(source_.patience, kNever);
  source_.push("a\n");
  const Instant due = clock_.now() + options_.batch_time;
  EXPECT_EQ(settle().wake, due);
  EXPECT_EQ(source_.patience, due);
  clock_.advance(options_.batch_time - 1ns);
  EXPECT_EQ(settle().wake, due);
  EXPECT_FALSE(pop<FilledBatch>());
  clock_.advance(1ns);
  settle();
  EXPECT_TRUE(pop<FilledBatch>());
}

TEST_P(OneReader, ABatchIsClosedInTimeThoughItsSourceFailsForNow) {
  source_.push("a\n");
  source_.push_transient_error("not now");
  const Instant due = clock_.now() + options_.batch_time;
  EXPECT_EQ(settle().wake, due) << "it has failed";
  EXPECT_EQ(settle().wake, due) << "it is left alone for a while";
  clock_.advance(options_.batch_time);
  EXPECT_EQ(settle().wake, due - options_.batch_time + kPause);
  EXPECT_TRUE(pop<FilledBatch>());
}

TEST_P(OneReader, OnlyFailuresInARowCount) {
  for (int i = 0; i < 5; ++i) {
    source_.push_transient_error("not now");
    settle();
    source_.push("a\n");
    clock_.advance(kPause);
    settle();
    pop_bytes();
  }
  EXPECT_EQ(metrics_.retries, 5U);
  EXPECT_EQ(metrics_.bytes_read, 10U);
  for (int i = 0; i < 3; ++i) source_.push_transient_error("not now");
  for (int i = 0; i < 2; ++i) {
    settle();
    clock_.advance(4 * kPause);
  }
  EXPECT_THROW(settle(), TransientError);
}

TEST_P(OneReader, ADrainDoesNotWaitForTheNextAttempt) {
  source_.push_transient_error("not now");
  settle();
  EXPECT_EQ(settle().wake, clock_.now() + kPause);
  mailboxes_.drain();
  settle();
  const auto ended = pop<Ended>();
  ASSERT_TRUE(ended);
  EXPECT_TRUE(ended->partial);
}

TEST_P(OneReader, ASourceThatWasToEndWhereItHasCaughtUpIsWhole) {
  source_.push("one\n");
  settle();
  source_.caught_up = true;
  settle();
  ASSERT_TRUE(pop<FilledBatch>());
  const auto ended = pop<Ended>();
  ASSERT_TRUE(ended);
  EXPECT_FALSE(ended->partial);
}

TEST_P(OneReader, AfterItsEndASourceIsToldAgainOfACommitThatItFailedToHear) {
  source_.fails = 2;
  source_.finish();
  settle();
  for (const std::int64_t next : {7, 8}) {
    source_.told = 0;
    const std::vector<Marks> finished{{{0, next}}};
    mailboxes_.epoch_over(finished);
    for (int failures = 1; failures <= 2; ++failures) {
      const Instant again = clock_.now() + failures * kPause;  // the pause doubles
      EXPECT_EQ(settle().wake, again);
      EXPECT_EQ(settle().wake, again) << "not before its time";
      EXPECT_EQ(source_.told, failures);
      EXPECT_FALSE(reader_->has_told_all());
      clock_.advance(failures * kPause);
    }
    EXPECT_EQ(settle().wake, kNever);
    EXPECT_TRUE(reader_->has_told_all());
    EXPECT_EQ(source_.last_committed(), finished[0][0]);
  }
}

TEST_P(OneReader, NoMoreRecordsThanWereAskedForAreInABatch) {
  for (int i = 0; i < 25; ++i) source_.push("a\n");
  std::vector<std::size_t> bytes;
  for (int i = 0; i < 2; ++i) {
    settle();
    while (const std::size_t each = pop_bytes()) bytes.push_back(each);
    clock_.advance(options_.batch_time);
  }
  settle();
  bytes.push_back(pop_bytes());
  const std::size_t limit = options_.batch_records;
  const std::vector<std::size_t> all{50, 0};
  const std::vector<std::size_t> limited{limit, limit, 5};
  EXPECT_EQ(bytes, limit == 0 ? all : limited);
}

class OneReaderOfWindows : public OneReader {
 protected:
  static constexpr std::chrono::nanoseconds kWindow = 30ms;
  OneReaderOfWindows() : OneReader(kWindow) {}
};

INSTANTIATE_TEST_SUITE_P(BatchRecords, OneReaderOfWindows, ::testing::Values(0, 10));

TEST_P(OneReaderOfWindows, ABatchIsClosedAtTheEndOfItsWindow) {
  clock_.advance(10ms);  // the clock of the test starts with a window
  source_.push("a\n");
  EXPECT_EQ(settle().wake, clock_.now() + 20ms);
  EXPECT_FALSE(pop<FilledBatch>());
  clock_.advance(20ms);
  const Pane later = panes_.at(clock_.now());
  source_.push("b\n");
  settle();
  const auto first = pop<FilledBatch>();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->bytes, options_.batch_records == 0 ? 2U : 1U);
  EXPECT_LT(first->pane, later);
  clock_.advance(kWindow);
  settle();
  EXPECT_EQ(pop<FilledBatch>().value().pane, later);
}

TEST_P(OneReader, OneThatFailsToGoBackTriesAgainAtItsTime) {
  source_.fails = 1;
  source_.push("a\n");
  settle();
  const std::vector<ReaderPosition> start{{}};
  mailboxes_.rewind(start);
  const Instant again = clock_.now() + kPause;
  settle();
  EXPECT_EQ(settle().wake, again);
  EXPECT_EQ(source_.sought, 1);
  EXPECT_FALSE(pop<Rewound>());
  clock_.advance(kPause);
  reader_->step(kNever);
  EXPECT_EQ(source_.sought, 2);
  EXPECT_TRUE(pop<Rewound>());
  EXPECT_EQ(metrics_.bytes_read, 0U);
}

// A small record may be what comes next there.
TEST_P(OneReader, OneThatGoesBackForgetsWhatRoomTheNextRecordNeeds) {
  source_.push("a\n");
  settle();
  read_until_served(std::string(5000, 'x') + "\n");
  const std::vector<ReaderPosition> start{{}};
  mailboxes_.rewind(start);
  reader_->step(kNever);
  reader_->step(kNever);
  EXPECT_FALSE(ring_.serve_one_offs());
  EXPECT_EQ(metrics_.bytes_read, 2U);
}

TEST_P(OneReader, ABatchIsClosedInTimeThoughALargeRecordWaitsForItsMemory) {
  source_.push("a\n");
  const Instant due = settle().wake;
  source_.push(std::string(5000, 'x') + "\n");
  const Instant wake = settle().wake;
  if (pop_bytes() == 0) {
    EXPECT_EQ(wake, due);
    clock_.advance(options_.batch_time);
    settle();
    EXPECT_GT(pop_bytes(), 0U);
  }
}

TEST_P(OneReader, TheEndsOfStagedRecordsLieInsideTheBudget) {
  constexpr std::size_t kRecords = 40;
  const std::size_t before = budget_.used();
  for (std::size_t i = 0; i < kRecords; ++i) source_.push("a\n");
  for (int i = 0; i < 4; ++i) {
    settle();
    while (pop_bytes() > 0) {
    }
    clock_.advance(options_.batch_time);
  }
  EXPECT_EQ(metrics_.bytes_read, 2 * kRecords);
  const bool staged = options_.batch_records != 0;
  EXPECT_GE(budget_.used(), before + (staged ? kRecords * sizeof(std::uint32_t) : 0));
}

TEST_P(OneReader, ARecordThatIsTooLongEndsAStrictJobWithTheLimit) {
  options_.on_bad_record = OnBadRecord::stop;
  source_.push(std::string(kLongest + 1, 'x') + "\n");
  const auto runs = [this] {
    for (int i = 0; i < 10; ++i) {
      reader_->step(kNever);
      ring_.serve_one_offs();
    }
  };
  try {
    runs();
    FAIL() << "the job ends with the error";
  } catch (const BadRecordError& error) {
    EXPECT_STREQ(error.what(), "a record is longer than max-record-bytes (6000)");
  }
}

// Its read takes so long that another window has begun: the batch of the first is no longer filled.
TEST_P(OneReaderOfWindows, OneThatFindsNoBufferKeepsNoneOpen) {
  const Pane first = panes_.at(clock_.now());
  ASSERT_TRUE(ring_.acquire(1, 0)) << "another reader has one of the two";
  source_.push("a\n");
  settle();
  source_.push("b\n");
  source_.on_read = [this] { clock_.advance(kWindow); };
  settle();
  const auto batch = pop<FilledBatch>();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->pane, first);
}

}  // namespace
}  // namespace millrace::reader_test
