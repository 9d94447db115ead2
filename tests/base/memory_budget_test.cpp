// What a budget gives and refuses, to the byte.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/memory_budget.h>

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace millrace::memory_budget_test {
namespace {

constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kHugePage = std::size_t{2} << 20;

TEST(MemoryBudget, GivesItsLimitAndNotAByteMore) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.try_reserve(0));
  EXPECT_TRUE(budget.try_reserve(60));
  EXPECT_FALSE(budget.try_reserve(41));
  EXPECT_FALSE(budget.try_reserve(kMost)) << "what is used and this would wrap";
  EXPECT_EQ(budget.used(), 60U) << "a refusal changes nothing";
  EXPECT_TRUE(budget.try_reserve(40));
  EXPECT_FALSE(budget.try_reserve(1));
  budget.release(100);
  EXPECT_EQ(budget.used(), 0U);
  EXPECT_EQ(budget.peak(), 100U) << "the peak is what was used, not what was asked for";
}

TEST(MemoryBudget, SaysWhatItWouldHaveNeeded) {
  MemoryBudget budget(std::size_t{4} << 20);
  budget.reserve(std::size_t{3} << 20, "first");
  try {
    budget.reserve(std::size_t{2} << 20, "second");
    FAIL() << "5 of 4 MiB";
  } catch (const BudgetError& error) {
    EXPECT_EQ(error.needed(), std::size_t{5} << 20);
    EXPECT_NE(std::string(error.what()).find("4MiB does not hold the second"), std::string::npos);
  }
  EXPECT_EQ(budget.used(), std::size_t{3} << 20);
}

TEST(MemoryBudget, NeverSaysThatItsLimitWouldDo) {
  MemoryBudget budget(100);
  std::jthread other([&](const std::stop_token& stop) {
    while (!stop.stop_requested())
      if (budget.try_reserve(100)) budget.release(100);
  });
  for (int refused = 0; refused < 100'000;) {
    try {
      budget.reserve(100, "keys");
      budget.release(100);
    } catch (const BudgetError& error) {
      ASSERT_EQ(error.needed(), 200U) << "what the other has given back since is not free for the asker";
      ++refused;
    }
  }
}

TEST(MemoryBudget, NeededDoesNotWrap) {
  MemoryBudget budget(100);
  budget.reserve(60, "first");
  try {
    budget.reserve(kMost, "second");
    FAIL();
  } catch (const BudgetError& error) {
    EXPECT_EQ(error.needed(), kMost);
    EXPECT_NE(std::string(error.what())
                  .find("at least 17592186044416MiB are needed so far; try --memory 8796093022208MiB"),
              std::string::npos)
        << error.what();
  }
}

TEST(MemoryBudget, IsExactWhenThreadsShareIt) {
  MemoryBudget budget(1000);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 20'000; ++n)
        if (budget.try_reserve(300)) budget.release(300);
    });
  threads.clear();
  EXPECT_EQ(budget.used(), 0U);
  EXPECT_LE(budget.peak(), 900U);
}

TEST(Reservation, GrowsShrinksAndGivesItselfBack) {
  MemoryBudget budget(100);
  {
    Reservation share(budget);
    share.set(40, "a share");
    EXPECT_EQ(budget.used(), 40U);
    share.set(100, "a share");
    EXPECT_EQ(budget.used(), 100U);
    EXPECT_THROW(share.set(101, "a share"), BudgetError);
    EXPECT_EQ(budget.used(), 100U);
    share.set(10, "a share");
    EXPECT_EQ(budget.used(), 10U);
  }
  EXPECT_EQ(budget.used(), 0U);
}

// Little comes from the heap, much in huge pages: each way grows to itself and to the other.
TEST(Memory, GrowsWithWhatItHolds) {
  const std::size_t sizes[] = {1,         100,           1023,         1024, 5000, kHugePage - 1,
                               kHugePage, kHugePage + 1, 3 * kHugePage};
  for (const std::size_t before : sizes)
    for (const std::size_t after : sizes) {
      if (after <= before) continue;
      MemoryBudget budget(32 * kHugePage);
      auto* data = static_cast<unsigned char*>(allocate_memory(before, Fill::zeros, budget));
      EXPECT_GE(budget.used(), before);
      EXPECT_EQ(data[0], 0);
      EXPECT_EQ(data[before - 1], 0);
      std::memset(data, 7, before);
      data = static_cast<unsigned char*>(grow_memory(data, before, after, Fill::zeros, budget));
      EXPECT_GE(budget.used(), after);
      EXPECT_LT(budget.used(), after + kHugePage) << "what it was before is given back";
      EXPECT_EQ(data[0], 7);
      EXPECT_EQ(data[before - 1], 7);
      EXPECT_EQ(data[after - 1], 0) << before << " to " << after;
      free_memory(data, after, budget);
      EXPECT_EQ(budget.used(), 0U) << before << " to " << after;
    }
}

TEST(Memory, ThatCannotGrowStaysAsItIs) {
  for (const auto& [before, after] :
       {std::pair{std::size_t{100}, std::size_t{5000}}, {5000, kHugePage}, {kHugePage, 3 * kHugePage}}) {
    MemoryBudget budget(before + after / 2);
    void* data = allocate_memory(before, Fill::anything, budget);
    const std::size_t used = budget.used();
    std::memset(data, 7, before);
    EXPECT_THROW(grow_memory(data, before, after, Fill::anything, budget), BudgetError);
    EXPECT_EQ(budget.used(), used);
    EXPECT_EQ(static_cast<unsigned char*>(data)[before - 1], 7);
    free_memory(data, before, budget);
    EXPECT_EQ(budget.used(), 0U);
  }
}

// The heap takes a word beside each piece, gives four at least, and whole pairs.
TEST(Memory, LittlePiecesCostWhatTheHeapTakesForThem) {
  const std::pair<std::size_t, std::size_t> costs[] = {{1, 32},
                                                       {24, 32},
                                                       {25, 48},
                                                       {40, 48},
                                                       {1023, 1040},
                                                       {1024, 1024},
                                                       {5000, 5000},
                                                       {kHugePage, kHugePage},
                                                       {kHugePage + 1, 2 * kHugePage}};
  for (const auto& [bytes, cost] : costs) {
    MemoryBudget budget(kMost);
    void* data = allocate_memory(bytes, Fill::anything, budget);
    EXPECT_EQ(budget.used(), cost) << bytes;
    free_memory(data, bytes, budget);
  }
}

TEST(Memory, WhatTheMachineDoesNotGiveIsNotPaidFor) {
  constexpr std::size_t kTooMuch = kMost / 4 + 1;
  const auto needed_by = [](auto ask) {
    try {
      ask();
    } catch (const BudgetError& error) {
      EXPECT_NE(std::string(error.what()).find("the machine gives no more memory for the test"),
                std::string::npos);
      return error.needed();
    }
    return std::size_t{0};
  };
  MemoryBudget budget(kMost);
  for (const std::size_t bytes : {std::size_t{5000}, kHugePage}) {
    void* data = allocate_memory(bytes, Fill::anything, budget);
    std::memset(data, 7, bytes);
    const std::size_t used = budget.used();
    EXPECT_EQ(needed_by([&] { allocate_memory(kTooMuch, Fill::zeros, budget, "test"); }), used + kTooMuch);
    EXPECT_EQ(budget.used(), used);
    EXPECT_GE(needed_by([&] { grow_memory(data, bytes, kTooMuch, Fill::zeros, budget, "test"); }), kTooMuch);
    EXPECT_EQ(budget.used(), used);
    EXPECT_EQ(static_cast<unsigned char*>(data)[bytes - 1], 7);
    free_memory(data, bytes, budget);
  }
  EXPECT_EQ(budget.used(), 0U);
}

/// Pages of this process that lie somewhere, touched or not.
std::size_t mapped_pages() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages;
}

TEST(Memory, WhatWasMappedGoesBackWhole) {
  constexpr std::size_t kTimes = 100;
  const std::size_t before = mapped_pages();
  for (std::size_t i = 0; i < kTimes; ++i) {
    MemoryBudget budget(kMost);
    void* data = allocate_memory(kHugePage + 1, Fill::zeros, budget);
    data = grow_memory(data, kHugePage + 1, 2 * kHugePage + 1, Fill::zeros, budget);
    free_memory(data, 2 * kHugePage + 1, budget);
  }
  const std::size_t lost =
      (std::max(mapped_pages(), before) - before) * static_cast<std::size_t>(::getpagesize());
  EXPECT_LT(lost, kTimes * kHugePage / 4) << "of each, or of every other one";
}

TEST(Memory, AVectorThatNoAddressesSufficeForIsRefused) {
  BudgetAllocator<std::int64_t> allocator(unlimited_budget());
  EXPECT_THROW(static_cast<void>(allocator.allocate(kMost / 8 + 1)), std::bad_array_new_length);
}

}  // namespace
}  // namespace millrace::memory_budget_test
