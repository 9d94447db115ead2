// The ring's buffers: taken, given back, and replaced by others on the way.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "host/engine/ring.h"

namespace millrace::ring_test {
namespace {

std::vector<HostBuffer> buffers(std::size_t number, std::size_t capacity, MemoryBudget& budget) {
  std::vector<HostBuffer> pool;
  for (std::size_t i = 0; i < number; ++i) pool.push_back(pageable_buffer(capacity, budget));
  return pool;
}

TEST(Ring, LendsTheBufferThatWasUsedLast) {
  Ring ring(unlimited_budget());
  ring.fill(buffers(2, 100, unlimited_budget()));
  const auto first = ring.acquire(0, 0);
  const auto second = ring.acquire(0, 100);
  ASSERT_TRUE(first && second && *first != *second);
  EXPECT_FALSE(ring.acquire(0, 0));
  EXPECT_TRUE(ring.drained());
  ring.release(*first);
  EXPECT_EQ(ring.acquire(1, 0), first);
  ring.release(*first);
  ring.release(*second);
  EXPECT_EQ(ring.acquire(1, 0), second);
  EXPECT_EQ(ring.acquire(1, 0), first);
}

TEST(Ring, ALargeRecordGetsABufferOfItsOwn) {
  MemoryBudget budget(1 << 20);
  Ring ring(budget);
  ring.fill(buffers(1, 100, budget));
  const std::size_t before = budget.used();
  EXPECT_FALSE(ring.serve_one_offs());
  EXPECT_FALSE(ring.acquire(3, 500));
  EXPECT_TRUE(ring.serve_one_offs());
  const auto buffer = ring.acquire(3, 500);
  ASSERT_TRUE(buffer);
  EXPECT_EQ(ring.memory(*buffer).size(), 500U);
  ring.release(*buffer);
  EXPECT_EQ(budget.used(), before);
}

TEST(Ring, BuffersAreReplacedAsTheyComeHome) {
  MemoryBudget budget(1 << 20);
  Ring ring(budget);
  ring.fill(buffers(3, 100, budget));
  const auto away = ring.acquire(0, 0);
  ring.memory(*away)[99] = std::byte{1};
  ring.fill(buffers(1, 4000, budget));
  EXPECT_EQ(budget.used(), 4000 + 100 + 2 * kSlackBytes);
  EXPECT_EQ(ring.memory(*away).size(), 100U);
  const auto larger = ring.acquire(1, 3000);
  ASSERT_TRUE(larger);
  EXPECT_EQ(ring.memory(*larger).size(), 4000U);
  ring.release(*away);
  EXPECT_EQ(budget.used(), 4000 + kSlackBytes);
  EXPECT_FALSE(ring.acquire(0, 0));
  ring.release(*larger);
  EXPECT_EQ(ring.acquire(0, 0), larger);
}

TEST(Ring, WhatFitsALaterPoolNeedsNoBufferOfItsOwn) {
  Ring ring(unlimited_budget());
  ring.fill(buffers(1, 100, unlimited_budget()));
  EXPECT_FALSE(ring.acquire(0, 500));
  ring.fill(buffers(1, 1000, unlimited_budget()));
  EXPECT_TRUE(ring.acquire(0, 500));
  EXPECT_FALSE(ring.serve_one_offs());
}

TEST(Ring, ASmallerPoolStillGivesRoomForWhatWasAsked) {
  Ring ring(unlimited_budget());
  ring.fill(buffers(1, 1000, unlimited_budget()));
  ring.fill(buffers(1, 100, unlimited_budget()));
  EXPECT_FALSE(ring.acquire(0, 500));
  EXPECT_TRUE(ring.serve_one_offs());
  EXPECT_EQ(ring.memory(*ring.acquire(0, 500)).size(), 500U);
}

constexpr std::size_t kMostOfTheHalf = 450'000;  // that readers may share: the other half is left to the state

// A ring whose budget holds one large buffer, which reader 0 has.
class TightRing : public ::testing::Test {
 protected:
  TightRing() : ring_(budget_) {
    ring_.fill(buffers(1, 100, budget_));
    EXPECT_FALSE(ring_.acquire(0, kMostOfTheHalf));
    EXPECT_TRUE(ring_.serve_one_offs());
  }

  MemoryBudget budget_{1'000'000};
  Ring ring_;
};

TEST_F(TightRing, ALargeBufferWaitsForOneThatIsOut) {
  const auto first = ring_.acquire(0, kMostOfTheHalf);
  ASSERT_TRUE(first);
  EXPECT_FALSE(ring_.drained());
  EXPECT_FALSE(ring_.acquire(1, kMostOfTheHalf));
  EXPECT_FALSE(ring_.serve_one_offs());
  EXPECT_TRUE(ring_.drained());
  const std::uint64_t seen = ring_.engine.seen();
  ring_.release(*first);
  EXPECT_NE(ring_.engine.seen(), seen);
  EXPECT_TRUE(ring_.serve_one_offs());
  EXPECT_TRUE(ring_.acquire(1, kMostOfTheHalf));
}

TEST_F(TightRing, WhatTheBudgetNeverHoldsIsAnErrorWhenNothingIsOut) {
  const auto first = ring_.acquire(0, kMostOfTheHalf);
  EXPECT_FALSE(ring_.acquire(1, 2'000'000));
  EXPECT_FALSE(ring_.serve_one_offs());
  ring_.release(*first);
  EXPECT_THROW(ring_.serve_one_offs(), BudgetError);
}

TEST_F(TightRing, WhoAskedFirstIsServedFirst) {
  EXPECT_FALSE(ring_.acquire(2, kMostOfTheHalf));
  EXPECT_FALSE(ring_.acquire(1, 1000));
  EXPECT_FALSE(ring_.serve_one_offs());
  EXPECT_FALSE(ring_.acquire(1, 1000));
  ring_.release(*ring_.acquire(0, kMostOfTheHalf));
  EXPECT_TRUE(ring_.serve_one_offs());
  EXPECT_TRUE(ring_.acquire(2, kMostOfTheHalf));
  EXPECT_TRUE(ring_.acquire(1, 1000));
}

TEST_F(TightRing, WhatIsWithdrawnIsFreed) {
  EXPECT_FALSE(ring_.acquire(1, kMostOfTheHalf));
  const std::uint64_t seen = ring_.engine.seen();
  ring_.withdraw(0);
  EXPECT_NE(ring_.engine.seen(), seen);
  EXPECT_TRUE(ring_.serve_one_offs());
  EXPECT_TRUE(ring_.acquire(1, kMostOfTheHalf));
  EXPECT_FALSE(ring_.acquire(0, kMostOfTheHalf));
  ring_.withdraw(0);
  EXPECT_FALSE(ring_.drained());
}

TEST_F(TightRing, MemoryOfAReaderItselfDoesNotComeBack) {
  EXPECT_FALSE(ring_.acquire_memory(0, kMostOfTheHalf + 1));  // more than was granted
  EXPECT_TRUE(ring_.serve_one_offs());
  EXPECT_FALSE(ring_.acquire_memory(1, 600'000));
  EXPECT_FALSE(ring_.serve_one_offs());
  const std::uint64_t seen = ring_.engine.seen();
  const auto memory = ring_.acquire_memory(0, kMostOfTheHalf + 1);
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->bytes().size(), kMostOfTheHalf + 1);
  EXPECT_NE(ring_.engine.seen(), seen);
  EXPECT_THROW(ring_.serve_one_offs(), BudgetError);  // nothing that comes back is out
}

TEST(Ring, ReadersAreWokenForAPoolAndForABufferOfTheirOwn) {
  Ring ring(unlimited_budget());
  std::uint64_t seen = ring.readers.seen();
  ring.fill(buffers(1, 100, unlimited_budget()));
  EXPECT_NE(ring.readers.seen(), seen);
  EXPECT_FALSE(ring.acquire(0, 500));
  seen = ring.readers.seen();
  EXPECT_TRUE(ring.serve_one_offs());
  EXPECT_NE(ring.readers.seen(), seen);
  seen = ring.readers.seen();
  EXPECT_FALSE(ring.serve_one_offs());
  EXPECT_EQ(ring.readers.seen(), seen) << "for nothing";
  ring.release(*ring.acquire(0, 500));
  EXPECT_NE(ring.readers.seen(), seen);
}

TEST(Ring, TheEngineIsWokenForWhoFindsNoBuffer) {
  Ring ring(unlimited_budget());
  ring.fill(buffers(1, 100, unlimited_budget()));
  std::uint64_t seen = ring.engine.seen();
  EXPECT_TRUE(ring.acquire(0, 0));
  EXPECT_EQ(ring.engine.seen(), seen);
  EXPECT_FALSE(ring.acquire(1, 0));
  EXPECT_NE(ring.engine.seen(), seen);
  seen = ring.engine.seen();
  EXPECT_FALSE(ring.acquire_memory(1, 500));
  EXPECT_NE(ring.engine.seen(), seen);
}

TEST(Ring, WhoAsksForMoreGetsThatAndTheFirstIsFreed) {
  MemoryBudget budget(1 << 20);
  Ring ring(budget);
  ring.fill(buffers(1, 100, budget));
  const std::size_t before = budget.used();
  EXPECT_FALSE(ring.acquire(0, 500));
  EXPECT_FALSE(ring.acquire(0, 600));  // before it was served
  EXPECT_TRUE(ring.serve_one_offs());
  EXPECT_EQ(budget.used(), before + 600 + kSlackBytes);
  EXPECT_FALSE(ring.acquire(0, 700));  // and after
  EXPECT_EQ(budget.used(), before);
  EXPECT_TRUE(ring.serve_one_offs());
  const auto buffer = ring.acquire(0, 700);
  ASSERT_TRUE(buffer);
  EXPECT_EQ(ring.memory(*buffer).size(), 700U);
  EXPECT_FALSE(ring.serve_one_offs()) << "it asked once";
}

}  // namespace
}  // namespace millrace::ring_test
