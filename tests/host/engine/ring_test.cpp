// The ring's buffers: taken, given back, and replaced by others on the way.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "host/engine/ring.h"

namespace millrace {
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

}  // namespace
}  // namespace millrace
