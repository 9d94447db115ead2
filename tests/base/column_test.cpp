// A column keeps its values as it grows, and its budget's books.
// SPDX-License-Identifier: Apache-2.0
#include "base/column.h"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace millrace::column_test {
namespace {

TEST(Column, KeepsValuesAsItGrows) {
  MemoryBudget budget(64 << 20);
  std::vector<std::int64_t> expected;
  {
    Column<std::int64_t> column(budget);
    std::vector<std::int64_t> piece(1000);
    for (std::int64_t i = 0; i < 1000; ++i) {
      std::iota(piece.begin(), piece.end(), i);
      column.append(piece);
      expected.insert(expected.end(), piece.begin(), piece.end());
      column.push_back(-i);
      expected.push_back(-i);
    }
    EXPECT_TRUE(std::ranges::equal(column, expected));
    EXPECT_GE(budget.used(), expected.size() * sizeof(std::int64_t));
    EXPECT_LE(budget.used(), expected.size() * sizeof(std::int64_t) * 3 / 2 + 1024);
    EXPECT_EQ(budget.peak(), budget.used()) << "old and new memory are never there together";
    const Column<std::int64_t> moved = std::move(column);
    EXPECT_TRUE(std::ranges::equal(moved, expected));
  }
  EXPECT_EQ(budget.used(), 0U);
}

TEST(Column, ChangesNothingWhenItMayNotGrow) {
  MemoryBudget budget(100 * sizeof(int));
  Column<int> column(budget);
  column.append(std::vector<int>(50, 7));
  EXPECT_THROW(column.append(std::vector<int>(51, 8)), BudgetError);
  EXPECT_EQ(column.size(), 50U);
  column.append(std::vector<int>(50, 7));
  EXPECT_TRUE(std::ranges::equal(column, std::vector<int>(100, 7)));
  EXPECT_THROW(column.push_back(8), BudgetError);
}

TEST(Column, OneThatIsMovedTakesItsBudgetAlong) {
  MemoryBudget first(1 << 20);
  MemoryBudget second(1 << 20);
  {
    Column<int> column(first);
    column.append(std::vector<int>(100, 7));
    Column<int> other(second);
    other.append(std::vector<int>(300, 8));
    column = std::move(other);
    EXPECT_TRUE(std::ranges::equal(column, std::vector<int>(300, 8)));
    const std::size_t before = first.used();
    column.append(std::vector<int>(3000, 9));
    EXPECT_EQ(first.used(), before) << "it grows in the budget of what it holds now";
  }
  EXPECT_EQ(first.used(), 0U);
  EXPECT_EQ(second.used(), 0U);
}

TEST(Column, NothingIsAppendedToNothing) {
  MemoryBudget budget(0);
  Column<int> column(budget);
  column.append({});
  EXPECT_TRUE(column.empty());
}

}  // namespace
}  // namespace millrace::column_test
