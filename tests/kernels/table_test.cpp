// The CPU backend's hash table: growth, ranges, and keys that somebody has crafted.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/table/table.h"

#include <map>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/crafted_keys.h"

namespace millrace::table_test {
namespace {

ShortSlot::Text key_of(std::string word) {
  word.resize(std::max<std::size_t>(word.size(), 8), 'x');
  return ShortSlot::make(word.data(), 7);
}

/// Counts every word once.
Table<ShortSlot> table_of(const std::vector<std::string>& words, SpreadSeed seed) {
  Table<ShortSlot> table(0, {seed}, 0, unlimited_budget());
  for (const std::string& word : words) {
    table.make_room(1);
    const std::size_t at = table.find(key_of(word));
    if (table.is_free(at)) table.insert(at, key_of(word));
    ++table.slot(at).count;
  }
  return table;
}

std::vector<std::string> numbers(int count) {
  std::vector<std::string> words;
  for (int i = 0; i < count; ++i) words.push_back(std::to_string(1'000'000 + i));
  return words;
}

/// Slots that are looked at in vain for each key, on average.
double displacement(const Table<ShortSlot>& table, const std::vector<std::string>& words) {
  std::size_t sum = 0;
  for (const std::string& word : words)
    sum += (table.find(key_of(word)) - table.home(key_of(word))) & (table.capacity() - 1);
  return static_cast<double>(sum) / static_cast<double>(words.size());
}

TEST(Table, KeepsItsKeysWhenItGrows) {
  const std::vector<std::string> words = numbers(300'000);
  const Table<ShortSlot> table = table_of(words, spread_seed(1));
  EXPECT_EQ(table.size(), words.size());
  for (const std::string& word : words) ASSERT_EQ(table.slot(table.find(key_of(word))).count, 1) << word;
}

// Clusters at the front and around the end of small tables are the ones that may have no room behind them.
TEST(Table, ValuesStayWithTheirKeysWhenItGrows) {
  const std::vector<std::string> words = numbers(600);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Table<ShortSlot> table(2, {spread_seed(seed)}, 0, unlimited_budget());
    for (std::size_t i = 0; i < words.size(); ++i) {
      table.make_room(i == 100 ? 100 + seed : 1);  // to double, or to grow further at once
      const std::size_t at = table.find(key_of(words[i]));
      table.insert(at, key_of(words[i]));
      table.values(at)[0] = static_cast<std::int64_t>(i);
      table.values(at)[1] = -static_cast<std::int64_t>(i);
    }
    ASSERT_EQ(table.size(), words.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::size_t at = table.find(key_of(words[i]));
      ASSERT_FALSE(table.is_free(at)) << seed;
      ASSERT_EQ(table.values(at)[0], static_cast<std::int64_t>(i)) << seed;
      ASSERT_EQ(table.values(at)[1], -static_cast<std::int64_t>(i)) << seed;
    }
  }
}

// Keys of the last range that find no free slot before the table's end lie at its front, among the first's.
TEST(Table, RangesHoldEveryKeyOnceAlsoThoseBehindTheEnd) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<std::string> last;
    const SpreadSeed spread = spread_seed(seed);
    for (int i = 0; last.size() < 12; ++i) {
      const std::string word = std::to_string(1'000'000 + i);
      if (ShortSlot::hash(key_of(word), spread) >> 56 == 0xff) last.push_back(word);
    }
    std::vector<std::string> words = numbers(40);  // which leaves the table at 256 slots, and most of them free
    words.insert(words.begin(), last.begin(), last.end());
    const Table<ShortSlot> table = table_of(words, spread);
    ASSERT_EQ(table.capacity(), 256U);
    for (unsigned bits = 1; bits <= kRangeBitsMax; ++bits) {
      std::vector<int> visits(table.capacity());
      for (unsigned range = 0; range < 1U << bits; ++range)
        table.for_each_in(range, bits, [&](std::size_t at) { ++visits[at]; });
      for (std::size_t at = 0; at < visits.size(); ++at)
        ASSERT_EQ(visits[at], table.is_free(at) ? 0 : 1) << "slot " << at << ", " << bits << " bits";
    }
  }
}

TEST(Table, MovesLargeMemoryByItsPages) {
  MemoryBudget budget(std::size_t{1} << 30);
  SlotArray<std::int64_t> array(1000, budget);
  std::iota(array.data(), array.data() + array.size(), 1);
  std::size_t filled = array.size();
  for (const std::size_t size : {2000U, 300'000U, 700'000U, 5'000'000U}) {
    array.grow(size);
    ASSERT_GE(budget.used(), size * sizeof(std::int64_t));
    ASSERT_LE(budget.used(), size * sizeof(std::int64_t) + (2 << 20));
    for (std::size_t i = 0; i < size; ++i)
      ASSERT_EQ(array[i], i < filled ? static_cast<std::int64_t>(i + 1) : 0) << i << " of " << size;
    std::iota(array.data() + filled, array.data() + size, static_cast<std::int64_t>(filled + 1));
    filled = size;
  }
  EXPECT_THROW(array.grow(std::size_t{1} << 30), BudgetError);
  EXPECT_EQ(array.size(), filled);
  EXPECT_EQ(array[filled - 1], static_cast<std::int64_t>(filled));
}

TEST(Table, ItsRangesHoldEveryKeyOnce) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Table<ShortSlot> table = table_of(numbers(1500), spread_seed(seed));
    for (unsigned range_bits = 1; range_bits <= kRangeBitsMax; ++range_bits) {
      std::map<std::uint64_t, int> seen;
      for (unsigned range = 0; range < 1U << range_bits; ++range)
        table.for_each_in(range, range_bits, [&](std::size_t i) { ++seen[table.slot(i).key.bits]; });
      ASSERT_EQ(seen.size(), table.size());
      for (const auto& [bits, times] : seen) ASSERT_EQ(times, 1);
    }
  }
}

TEST(Table, OnlyWhoKnowsItsSeedCanCraftKeysAgainstIt) {
  const std::vector<std::string> words = crafted_words(spread_seed(1), 5'000, 10);
  EXPECT_GT(displacement(table_of(words, spread_seed(1)), words), 1000) << "they are crafted against this seed";
  for (std::uint64_t seed = 2; seed < 12; ++seed)
    EXPECT_LT(displacement(table_of(words, spread_seed(seed)), words), 4) << seed;
}

TEST(Table, SmallSeedsGiveDifferentMultipliers) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    EXPECT_NE(spread_seed(seed).multiplier, spread_seed(seed + 1).multiplier);
    EXPECT_EQ(spread_seed(seed).multiplier % 2, 1U);
  }
}

TEST(Table, AFullBudgetLeavesItAsItWas) {
  MemoryBudget budget(64 << 10);
  Table<ShortSlot> table(0, {spread_seed(1)}, 0, budget);
  const std::size_t used = budget.used();
  EXPECT_THROW(table.make_room(10'000), BudgetError);
  EXPECT_EQ(budget.used(), used);
  table.make_room(100);
  EXPECT_EQ(table.capacity(), 256U);
}

}  // namespace
}  // namespace millrace::table_test
