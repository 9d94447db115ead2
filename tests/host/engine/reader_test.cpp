// A reader of large records: the memory that it asks for is not kept from the other readers.
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include <millrace/testing/manual_clock.h>
#include <millrace/testing/memory_source.h>

#include "host/engine/reader.h"

namespace millrace {
namespace {

constexpr std::size_t kPoolBuffer = 100;

// One reader, without an engine: the test gives the orders.
class OneReader : public ::testing::TestWithParam<std::size_t> {
 protected:
  OneReader() {
    options_.batch_bytes = kPoolBuffer;
    options_.batch_records = GetParam();
    std::vector<HostBuffer> pool;
    for (int i = 0; i < 2; ++i) pool.push_back(pageable_buffer(kPoolBuffer, budget_));
    ring_.fill(std::move(pool));
    reader_.emplace(0, source_, mailboxes_.of(0),
                    ReaderShared{plan_, options_, clock_, panes_, ring_, budget_, metrics_});
  }

  // It has asked for memory, and what it was given lies there.
  void read_until_served(const std::string& record) {
    source_.push(record);
    for (int i = 0; i < 10 && !ring_.serve_one_offs(); ++i) reader_->step(Instant::min());
  }

  Plan plan_;
  Options options_;
  testing::ManualClock clock_;
  MemoryBudget budget_{1 << 20};
  Metrics metrics_;
  PaneClock panes_{{}, clock_, {}};
  Ring ring_{budget_};
  ReaderMailboxes mailboxes_{1, ring_.readers, [](std::size_t) {}};
  testing::MemorySource source_;
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
  const std::vector<ReaderPosition> start{{source_.position()}};
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

}  // namespace
}  // namespace millrace
