// PaneState: adopting, merging, texts behind equal hashes, sums beyond 64 bits, and the order of rows.
// SPDX-License-Identifier: Apache-2.0
#include "host/state/pane_state.h"

#include <limits>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "host/state/row_order.h"
#include "host/state/row_writer.h"
#include "kernels/key.h"

namespace millrace::pane_state_test {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

constexpr std::uint64_t kSeed = 3;

struct Row {
  std::string key;
  std::int64_t count;
  std::vector<Int128> values;
  friend bool operator==(const Row&, const Row&) = default;
};

Columns columns_of(const std::vector<Row>& rows, std::size_t value_columns, bool unique = true) {
  Columns columns(value_columns, unlimited_budget());
  for (const Row& row : rows) {
    // Four bits of hash: long keys collide.
    const Key key = make_key(row.key.data(), static_cast<std::uint32_t>(row.key.size()), hash_seed(7, 4));
    const std::string_view text = is_packed(key) ? std::string_view() : std::string_view(row.key);
    std::vector<std::int64_t> values;
    for (const Int128 value : row.values) values.push_back(static_cast<std::int64_t>(value));
    columns.add({.keys = {&key, 1},
                 .texts = {&text, 1},
                 .counts = {&row.count, 1},
                 .values = values,
                 .unique = unique});
  }
  return columns;
}

std::vector<Row> rows_of(const PaneState& state, const Plan& plan) {
  const auto columns = value_columns(plan.measures);
  RowWriter writer(state, plan.measures, columns, std::nullopt);
  std::vector<Row> rows;
  WorkerPool one(1);
  writer.write(ordered_rows(state, plan, unlimited_budget(), one), [&](std::span<const Aggregate> aggregates) {
    for (const Aggregate& each : aggregates)
      rows.push_back({std::string(each.key), each.count, {each.values.begin(), each.values.end()}});
  });
  return rows;
}

TEST(PaneState, AdoptsThenMerges) {
  PaneState state({}, kSeed, unlimited_budget());
  state.merge(columns_of({{"a", 2, {}}, {"a long word", 1, {}}}, 0));
  state.merge(columns_of({{"a long word", 5, {}}, {"b", 1, {}}, {"a", 1, {}}}, 0));
  const std::vector<Row> expected = {{"a long word", 6, {6}}, {"a", 3, {3}}, {"b", 1, {1}}};
  EXPECT_EQ(rows_of(state, Plan{}), expected);
}

TEST(PaneState, PartialsThatRepeatAKeyAreNotAdopted) {
  PaneState state({}, kSeed, unlimited_budget());
  state.merge(columns_of({{"a", 2, {}}, {"a", 3, {}}}, 0, false));
  EXPECT_EQ(state.size(), 1U);
  EXPECT_EQ(state.count(0), 5);
}

// A device and the host may give parts of one pane: one part that repeats keys is enough.
TEST(PaneState, PartialsAreUniqueOnlyIfAllPartsAre) {
  for (const bool first : {false, true}) {
    Columns columns = columns_of({{"a", 2, {}}}, 0, first);
    const Key key = make_key("a", 1, hash_seed(7, 4));
    const std::string_view text;
    const std::int64_t count = 3;
    columns.add(
        {.keys = {&key, 1}, .texts = {&text, 1}, .counts = {&count, 1}, .values = {}, .unique = !first});
    EXPECT_FALSE(columns.unique);
    PaneState state({}, kSeed, unlimited_budget());
    state.merge(std::move(columns));
    EXPECT_EQ(state.size(), 1U);
    EXPECT_EQ(state.count(0), 5);
  }
}

TEST(PaneState, MergesLikeAMap) {
  std::mt19937 random(1);
  std::map<std::string, std::int64_t> truth;
  PaneState state({}, kSeed, unlimited_budget());
  for (int merge = 0; merge < 20; ++merge) {
    std::map<std::string, std::int64_t> partial;
    for (int i = 0; i < 500; ++i) {
      const std::string key(1 + random() % 12, static_cast<char>('a' + random() % 3));
      partial[key + std::to_string(random() % 40)] += 1;
    }
    std::vector<Row> rows;
    for (const auto& [key, count] : partial) {
      rows.push_back({key, count, {}});
      truth[key] += count;
    }
    state.merge(columns_of(rows, 0));
  }
  Plan plan;
  plan.order = Order::key;
  std::vector<Row> expected;
  for (const auto& [key, count] : truth) expected.push_back({key, count, {count}});
  EXPECT_EQ(rows_of(state, plan), expected);
}

// Whoever knows the function but not the seed can still choose keys that a public `mix` puts into one heap.
TEST(RowIndex, CraftedKeysFallIntoNoHeap) {
  Column<Key> keys(unlimited_budget());
  for (std::uint64_t i = 0; keys.size() < 20'000; ++i)
    if (const Key key{unmix(i << 24 | 5)}; key.bits >> 56 == kPackedBytesMax) keys.push_back(key);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RowIndex index(seed, unlimited_budget());
    index.rebuild(keys, keys.size());
    std::size_t looked_at_in_vain = 0;
    for (std::size_t row = 0; row < keys.size(); ++row)
      index.find(index.home(keys[row]), [&](std::size_t found) {
        if (found != row) ++looked_at_in_vain;
        return found == row;
      });
    EXPECT_LT(looked_at_in_vain, 2 * keys.size()) << "seed " << seed;
  }
}

// Many blocks, an index that grows between them, and texts that tell equal hashes apart.
TEST(PaneState, FindsEveryKeyOfLargePartials) {
  PaneState state({}, kSeed, unlimited_budget());
  std::vector<Row> rows;
  for (int i = 0; i < 30'000; ++i) rows.push_back({"key number " + std::to_string(i * (i % 2)), i, {}});
  state.merge(columns_of(rows, 0, false));
  EXPECT_EQ(state.size(), 15'001U);
}

TEST(PaneState, RefusesMoreKeysThanItCanNumber) {
  const std::vector<Row> three = {{"a", 1, {}}, {"b", 1, {}}, {"c", 1, {}}};
  const std::vector<Row> four = {{"a", 1, {}}, {"b", 1, {}}, {"c", 1, {}}, {"d", 1, {}}};
  const auto merge = [](const std::vector<std::vector<Row>>& all) {
    PaneState state({}, kSeed, unlimited_budget(), 3);
    for (const std::vector<Row>& rows : all) state.merge(columns_of(rows, 0));
    return state.size();
  };
  EXPECT_EQ(merge({three, three}), 3U);
  EXPECT_THROW(merge({four}), LimitError);
  EXPECT_THROW(merge({three, four}), LimitError);
  try {
    merge({four});
  } catch (const LimitError& error) {
    EXPECT_EQ(std::string(error.what()).find("a window holds at most 3 different keys"), 0U) << error.what();
  }
}

TEST(PaneState, SumsMayLeave64BitsOnTheWay) {
  const std::vector<ValueColumn> columns = {{Combine::sum, 0}, {Combine::min, 0}, {Combine::max, 0}};
  PaneState state(columns, kSeed, unlimited_budget());
  for (const std::int64_t value : {kMax, kMax, std::int64_t{-7}, kMin, kMin, std::int64_t{9}})
    state.merge(columns_of({{"k", 1, {value, value, value}}, {"other", 1, {-1, -1, -1}}}, 3));
  EXPECT_TRUE(state.value(0, 0) == 0);
  EXPECT_TRUE(state.value(0, 1) == kMin);
  EXPECT_TRUE(state.value(0, 2) == kMax);
  EXPECT_TRUE(state.value(1, 0) == -6);
  state.merge(columns_of({{"new", 1, {-5, -5, -5}}}, 3));
  EXPECT_TRUE(state.value(2, 0) == -5);
}

// As a snapshot hands them over.
TEST(PaneState, PartialsMayBeWide) {
  const Int128 wide = Int128{1} << 100;
  const auto wide_columns = [](const std::vector<Row>& rows) {
    Columns columns(2, unlimited_budget());
    for (const Row& row : rows)
      columns.append(make_key(row.key.data(), static_cast<std::uint32_t>(row.key.size()), hash_seed(7, 4)), {},
                     row.count, row.values);
    return columns;
  };
  Columns first =
      wide_columns({{"a", 1, {1, -1}}, {"b", 2, {wide, kMin}}, {"c", 3, {kMin, -wide}}, {"d", 4, {-1, 0}}});
  EXPECT_FALSE(first.high[0].empty());
  EXPECT_FALSE(first.high[1].empty());
  for (const bool adopted : {true, false}) {
    PaneState state({{}, {.combine = Combine::min}}, kSeed, unlimited_budget());
    Columns again =
        wide_columns({{"a", 1, {1, -1}}, {"b", 2, {wide, kMin}}, {"c", 3, {kMin, -wide}}, {"d", 4, {-1, 0}}});
    again.unique = adopted;
    state.merge(std::move(again));
    EXPECT_EQ(state.value(1, 0), wide);
    EXPECT_EQ(state.value(2, 1), -wide);
    state.merge(columns_of({{"b", 1, {kMax, kMax}}, {"c", 1, {kMin, 5}}, {"e", 1, {-7, 7}}}, 2));
    state.merge(wide_columns({{"a", 1, {-wide, wide}}, {"f", 1, {wide, -wide}}}));
    EXPECT_EQ(state.value(0, 0), 1 - wide);
    EXPECT_EQ(state.value(0, 1), -1);
    EXPECT_EQ(state.value(1, 0), wide + kMax);
    EXPECT_EQ(state.value(1, 1), kMin);
    EXPECT_EQ(state.value(2, 0), Int128{kMin} + kMin);
    EXPECT_EQ(state.value(2, 1), -wide);
    EXPECT_EQ(state.value(3, 0), -1);
    EXPECT_EQ(state.value(4, 0), -7);
    EXPECT_EQ(state.value(4, 1), 7);
    EXPECT_EQ(state.value(5, 0), wide);
    EXPECT_EQ(state.value(5, 1), -wide);
  }
}

TEST(RowWriter, SumsBeyond64BitsComeOutAndAreOrdered) {
  Plan plan;
  plan.keyed_by = KeyedBy::fields;
  plan.measures = {{Reduction::sum, 0}};
  PaneState state(value_columns(plan.measures), kSeed, unlimited_budget());
  state.merge(columns_of(
      {{"a", 1, {kMax}}, {"b", 1, {kMax}}, {"c", 1, {kMax}}, {"d", 1, {kMin}}, {"e", 1, {kMin}}}, 1));
  state.merge(columns_of({{"b", 1, {1}}, {"c", 1, {2}}, {"d", 1, {-2}}, {"e", 1, {-1}}}, 1));
  const auto expect = [&](std::size_t top) {
    plan.top = top;
    std::vector<std::string> keys;
    for (const Row& row : rows_of(state, plan)) keys.push_back(row.key);
    const std::vector<std::string> all = {"c", "b", "a", "e", "d"};
    EXPECT_EQ(keys, std::vector(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(top)));
  };
  for (std::size_t top = 1; top <= 5; ++top) expect(top);
  EXPECT_TRUE(rows_of(state, plan)[0].values[0] == Int128{kMax} + 2);
  EXPECT_TRUE(rows_of(state, plan)[4].values[0] == Int128{kMin} - 2);
}

TEST(RowOrder, TiesAreBrokenByKeyBytes) {
  PaneState state({}, kSeed, unlimited_budget());
  state.merge(columns_of({{"prefixed word", 1, {}},
                          {"prefixe", 1, {}},
                          {"prefixed", 1, {}},
                          {std::string("a\0", 2), 1, {}},
                          {"a", 1, {}},
                          {"\xff", 1, {}},
                          {"often", 9, {}},
                          {"", 1, {}}},
                         0));
  std::vector<std::string> keys;
  for (const Row& row : rows_of(state, Plan{})) keys.push_back(row.key);
  const std::vector<std::string> expected = {
      "often", "", "a", std::string("a\0", 2), "prefixe", "prefixed", "prefixed word", "\xff"};
  EXPECT_EQ(keys, expected);
}

TEST(RowOrder, TopIsChosenByValueWhateverTheOrder) {
  PaneState state({}, kSeed, unlimited_budget());
  state.merge(columns_of({{"c", 3, {}}, {"a", 1, {}}, {"d", 4, {}}, {"b", 2, {}}}, 0));
  Plan plan;
  plan.top = 2;
  EXPECT_EQ(rows_of(state, plan).front().key, "d");
  plan.order = Order::key;
  const std::vector<Row> by_key = {{"c", 3, {3}}, {"d", 4, {4}}};
  EXPECT_EQ(rows_of(state, plan), by_key);
  plan.order = Order::none;
  EXPECT_EQ(rows_of(state, plan).size(), 2U);
  plan.top = 100;
  EXPECT_EQ(rows_of(state, plan).size(), 4U);
}

TEST(RowOrder, MeansAreComparedExactly) {
  Plan plan;
  plan.keyed_by = KeyedBy::fields;
  plan.measures = {{Reduction::mean, 0}};
  PaneState state(value_columns(plan.measures), kSeed, unlimited_budget());
  // Means 3/2, 5/3, -1/2, -1/3, 2, 10/6: floors tie, fractions decide, then the key.
  state.merge(columns_of(
      {{"a", 2, {3}}, {"b", 3, {5}}, {"c", 2, {-1}}, {"d", 3, {-1}}, {"e", 1, {2}}, {"bb", 6, {10}}}, 1));
  std::string keys;
  for (const Row& row : rows_of(state, plan)) keys += row.key + ' ';
  EXPECT_EQ(keys, "e b bb a d c ");
}

// Parts of several rows, with columns that are told apart, some of which leave 64 bits.
TEST(PaneState, ColumnsOfSeveralRowsStayApart) {
  const std::vector<ValueColumn> sums = {{Combine::sum, 0}, {Combine::sum, 1}};
  Columns part(2, unlimited_budget());
  const std::vector<Key> keys = {make_key("a", 1, hash_seed(7, 4)), make_key("b", 1, hash_seed(7, 4))};
  const std::vector<std::string_view> texts(2);
  part.add({.keys = keys,
            .texts = texts,
            .counts = std::vector<std::int64_t>{1, 2},
            .values = std::vector<std::int64_t>{-1, -2, kMax, 4},
            .unique = true});
  EXPECT_EQ(part.count_total, 3);
  PaneState state(sums, kSeed, unlimited_budget());
  state.merge(std::move(part));
  state.merge(columns_of({{"a", 1, {-10, 1}}, {"c", 1, {5, 6}}}, 2));
  EXPECT_FALSE(state.is_wide(0));
  EXPECT_TRUE(state.is_wide(1));
  const std::vector<std::vector<Int128>> expected = {{-11, Int128{kMax} + 1}, {-2, 4}, {5, 6}};
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t column = 0; column < 2; ++column)
      EXPECT_TRUE(state.value(row, column) == expected[row][column]) << row << ' ' << column;
}

}  // namespace
}  // namespace millrace::pane_state_test
