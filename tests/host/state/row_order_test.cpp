// The order of rows, against std::sort: ties, keys that share their beginnings, NULs, sums, means, few of many.
// SPDX-License-Identifier: Apache-2.0
#include "host/state/row_order.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/state/row_sort.h"
#include "kernels/key.h"

namespace millrace::row_order_test {
namespace {

constexpr std::uint64_t kSeed = 3;

struct Row {
  std::string key;
  std::int64_t count = 1;
  std::int64_t value = 0;
  std::size_t rank = 0;  ///< expected
};

/// A state of these rows; all are different keys.
PaneState state_of(const std::vector<Row>& rows, const Plan& plan) {
  const auto columns = value_columns(plan.measures);
  Columns partials(columns.size(), unlimited_budget());
  for (const Row& row : rows) {
    const Key key = make_key(row.key.data(), static_cast<std::uint32_t>(row.key.size()), hash_seed(1, 63));
    partials.append(key, is_packed(key) ? std::string_view() : row.key, row.count);
    for (auto& column : partials.values) column.push_back(row.value);
  }
  PaneState state(columns, kSeed, unlimited_budget());
  state.merge(std::move(partials));
  return state;
}

bool expected_before(const Row& a, const Row& b, const Plan& plan, Order order) {
  if (order == Order::value) {
    const bool mean = plan.measures[0].reduction == Reduction::mean;
    const bool count = plan.measures[0].reduction == Reduction::count;
    const Int128 left = mean ? Int128{a.value} * b.count : count ? a.count : a.value;
    const Int128 right = mean ? Int128{b.value} * a.count : count ? b.count : b.value;
    if (left != right) return left > right;
  }
  return a.key < b.key;
}

void expect_order(std::vector<Row> rows, Plan plan, unsigned threads = 1) {
  const PaneState state = state_of(rows, plan);
  WorkerPool workers(threads);
  const OrderedRows ordered = ordered_rows(state, plan, unlimited_budget(), workers);
  ASSERT_EQ(ordered.ranks.size(), plan.top == 0 ? 0 : ordered.rows.size());
  std::vector<std::pair<std::string, std::size_t>> found;
  for (std::size_t i = 0; i < ordered.rows.size(); ++i) {
    char scratch[8];
    found.emplace_back(state.text(ordered.rows[i], scratch), plan.top == 0 ? 0 : ordered.ranks[i]);
  }
  const auto sort = [&](Order order) {
    std::ranges::sort(rows, [&](const Row& a, const Row& b) { return expected_before(a, b, plan, order); });
  };
  if (plan.top != 0) {
    sort(Order::value);
    rows.resize(std::min(rows.size(), plan.top));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].rank = i + 1;
  }
  sort(plan.order);
  std::vector<std::pair<std::string, std::size_t>> expected;
  for (const Row& row : rows) expected.emplace_back(row.key, row.rank);
  EXPECT_EQ(found, expected);
}

Plan plan_of(Reduction reduction, Order order = Order::value, std::size_t top = 0) {
  Plan plan;
  plan.measures = {{reduction, 0}};
  plan.order = order;
  plan.top = top;
  return plan;
}

void expect_order_of_all_plans(const std::vector<Row>& rows) {
  for (const Reduction reduction : {Reduction::count, Reduction::sum, Reduction::mean, Reduction::min})
    for (const Order order : {Order::value, Order::key})
      for (const std::size_t top : {0U, 1U, 10U, 1000U}) expect_order(rows, plan_of(reduction, order, top));
}

// Every length around the borders of a prefix, ends that are prefixes of others, NULs, bytes above 0x7f.
std::vector<Row> tricky_rows() {
  std::vector<Row> rows = {{""}};
  for (const std::string& piece :
       {std::string("a"), std::string(1, '\0'), std::string("\xff"), std::string("ab")})
    for (std::size_t length = 1; length <= 40; ++length) {
      std::string key;
      while (key.size() < length) key += piece;
      for (const std::string& end :
           {std::string(), std::string(2, '\0'), std::string("b"), std::string("\x80")})
        rows.push_back({key.substr(0, length) + end});
    }
  std::ranges::sort(rows, {}, &Row::key);
  const auto repeated = std::ranges::unique(rows, {}, &Row::key);
  rows.erase(repeated.begin(), repeated.end());
  return rows;
}

TEST(RowOrder, KeysThatShareTheirBeginningsAreComparedToTheirEnds) {
  std::mt19937_64 random(1);
  std::vector<Row> rows = tricky_rows();
  std::ranges::shuffle(rows, random);
  expect_order_of_all_plans(rows);
}

TEST(RowOrder, ValuesFallAndTiesGoByKey) {
  std::mt19937_64 random(2);
  std::vector<Row> rows = tricky_rows();
  std::ranges::shuffle(rows, random);
  for (Row& row : rows) {
    row.count = 1 + static_cast<std::int64_t>(random() % 5);
    row.value = static_cast<std::int64_t>(random() % 9) - 4;
  }
  rows[0].value = std::numeric_limits<std::int64_t>::min();
  rows[1].value = std::numeric_limits<std::int64_t>::max();
  rows[2].count = std::numeric_limits<std::int64_t>::max();
  expect_order_of_all_plans(rows);
}

// Ranks and prefixes of random bytes differ in more bits than one number has.
TEST(RowOrder, NumbersOfManyBits) {
  std::mt19937_64 random(3);
  std::vector<Row> rows;
  for (int i = 0; i < 3000; ++i) {
    const std::uint64_t bits = random();
    std::string key(reinterpret_cast<const char*>(&bits), sizeof bits);
    rows.push_back({key + std::to_string(i), 1, static_cast<std::int64_t>(random() >> (i % 60))});
    rows.push_back({key + std::to_string(i) + "x", 1, rows.back().value});
  }
  expect_order_of_all_plans(rows);
  for (Row& row : rows) row.value = (row.value & 1) * std::numeric_limits<std::int64_t>::min();
  expect_order_of_all_plans(rows);
}

// Most rows have small counts. The few with large ones take the bits that prefixes of all bytes need.
TEST(RowOrder, FewLargeNumbersAmongManySmallOnes) {
  std::mt19937_64 random(5);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < 5000; ++i) {
    std::uint64_t bits = random();
    std::memset(&bits, i % 2 == 0 ? 0 : 'x', i % 7);
    const std::string key(reinterpret_cast<const char*>(&bits), sizeof bits);
    const std::int64_t count = i % 50 == 0 ? static_cast<std::int64_t>(random() >> (1 + i % 40))
                                           : static_cast<std::int64_t>(1 + i % 3);
    rows.push_back({key.substr(0, 1 + i % 8) + std::to_string(i), count, count});
    rows.push_back({key + "-" + std::to_string(i), count, -count});
  }
  expect_order_of_all_plans(rows);
}

// Each key is the beginning of the next: one falls out at a time.
TEST(RowOrder, AStaircaseOfKeys) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < 1000; ++i) rows.push_back({std::string(7 * i, 'a')});
  std::ranges::reverse(rows);
  expect_order(rows, plan_of(Reduction::count));
}

TEST(RowOrder, ManyRowsOnManyThreads) {
  std::mt19937_64 random(4);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < 400'000; ++i)
    rows.push_back({(i % 3 == 0 ? "a long beginning " : "") + std::to_string(i * 7919 % 1'000'003),
                    static_cast<std::int64_t>(random() % 3 + 1)});
  for (const unsigned threads : {1U, 3U, 64U})
    if (MILLRACE_ONE_CASE_IN == 1 || threads == 3) expect_order(rows, plan_of(Reduction::count), threads);
  expect_order(rows, plan_of(Reduction::count, Order::value, 250'000), 3);
}

// Rows that agree in all that is sorted by begin in one thread's piece and end with the last of all.
TEST(RowOrder, EqualsThatReachTheEndOnManyThreads) {
  std::vector<Row> rows;
  for (std::size_t i = 300'000; i-- > 0;) rows.push_back({"all alike " + std::to_string(1'000'000 + i)});
  for (const unsigned threads : {2U, 3U}) expect_order(rows, plan_of(Reduction::count), threads);
}

// What falls out of the first rows is known by its rank: it must be there in any order.
TEST(RowOrder, ARankIsThePlaceByValueWhateverTheOrder) {
  const std::vector<Row> rows = {{"b", 3}, {"c", 5}, {"a", 4}};
  for (const std::size_t top : {2U, 3U, 4U}) {
    const Plan plan = plan_of(Reduction::count, Order::none, top);
    const PaneState state = state_of(rows, plan);
    WorkerPool one(1);
    const OrderedRows ordered = ordered_rows(state, plan, unlimited_budget(), one);
    ASSERT_EQ(ordered.ranks.size(), std::min<std::size_t>(top, 3));
    for (std::size_t i = 0; i < ordered.rows.size(); ++i)
      EXPECT_EQ(state.count(ordered.rows[i]), 6 - std::int64_t{ordered.ranks[i]}) << top;
    expect_order(rows, plan_of(Reduction::count, Order::key, top));
  }
}

TEST(RowOrder, NoneIsAsTheyCame) {
  const std::vector<Row> rows = {{"b"}, {"c"}, {"a"}};
  const Plan plan = plan_of(Reduction::count, Order::none);
  WorkerPool one(1);
  const auto order = ordered_rows(state_of(rows, plan), plan, unlimited_budget(), one).rows;
  EXPECT_EQ(std::vector<std::uint32_t>(order.begin(), order.end()), (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(RowOrder, StaysInsideTheBudget) {
  std::vector<Row> rows;
  for (int i = 0; i < 10'000; ++i) rows.push_back({std::to_string(i)});
  const PaneState state = state_of(rows, Plan{});
  WorkerPool one(1);
  MemoryBudget enough(10'000 * 24);
  EXPECT_EQ(ordered_rows(state, Plan{}, enough, one).rows.size(), 10'000);
  MemoryBudget too_little(10'000 * 24 - 1);
  EXPECT_THROW(ordered_rows(state, Plan{}, too_little, one), BudgetError);
  EXPECT_EQ(too_little.used(), 0U);
  MemoryBudget for_ten(64 << 10);
  Plan top;
  top.top = 10;
  EXPECT_EQ(ordered_rows(state, top, for_ten, one).rows.size(), 10) << "ten of many need little memory";
}

}  // namespace
}  // namespace millrace::row_order_test
