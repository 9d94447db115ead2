// Tables as columns: what they promise of their keys.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/table/emit.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace millrace::emit_test {
namespace {

constexpr std::array<ValueColumn, 1> kSum = {{{.combine = Combine::sum}}};
constexpr std::array<char, 32> kText = {"one"};  // and what may be read past it

PaneTable table_with(std::int64_t value, int times) {
  PaneTable table(TableOptions{
      .columns = kSum, .hash = hash_seed(1, 63), .order = {spread_seed(1)}, .budget = &unlimited_budget()});
  for (int i = 0; i < times; ++i) table.add(kText.data(), 3, &value);
  return table;
}

struct Told final : PartialSink {
  void add(const Partials& partials) override {
    unique.push_back(partials.unique);
    rows += partials.keys.size();
  }
  std::vector<bool> unique;
  std::size_t rows = 0;
};

Told emitted(std::span<const PaneTable* const> tables) {
  Told told;
  emit(tables, kSum.size(), unlimited_budget(), told);
  return told;
}

// A sum that would leave 64 bits is set aside: its key comes twice, whichever table it is in.
TEST(Emit, KeysAreUniqueOnlyIfNoTableHasSpilled) {
  const PaneTable small = table_with(1, 3);
  const PaneTable spilled = table_with(INT64_MAX, 2);
  ASSERT_TRUE(spilled.has_spilled());
  using Tables = std::vector<const PaneTable*>;
  EXPECT_EQ(emitted(Tables{&small}).unique, std::vector{true});
  for (const Tables& tables : {Tables{&spilled}, Tables{&small, &spilled}, Tables{&spilled, &small}}) {
    const Told told = emitted(tables);
    EXPECT_EQ(told.unique, std::vector{false});
    EXPECT_EQ(told.rows, tables.size() + 1);
  }
}

/// Key and values of each row.
struct Rows final : PartialSink {
  void add(const Partials& partials) override {
    const std::size_t height = partials.keys.size();
    ASSERT_EQ(partials.values.size(), 2 * height);
    ++chunks;
    for (std::size_t row = 0; row < height; ++row)
      rows.push_back({partials.counts[row], partials.values[row], partials.values[height + row]});
  }
  std::vector<std::array<std::int64_t, 3>> rows;
  int chunks = 0;
};

// The last chunk is lower than the others, and so are its columns.
TEST(Emit, ColumnsOfManyChunksBelongToTheirRows) {
  constexpr std::array<ValueColumn, 2> kTwo = {
      {{.combine = Combine::sum, .value = 0}, {.combine = Combine::max, .value = 1}}};
  PaneTable table(TableOptions{
      .columns = kTwo, .hash = hash_seed(1, 63), .order = {spread_seed(1)}, .budget = &unlimited_budget()});
  std::array<char, 32> text = {};
  for (std::int64_t i = 0; i < 150'000; ++i) {
    const std::string key = std::to_string(i);
    std::ranges::copy(key, text.begin());
    const std::array<std::int64_t, 2> values = {i, -3 * i};
    table.add(text.data(), static_cast<std::uint32_t>(key.size()), values.data());
  }
  Rows found;
  const PaneTable* tables[] = {&table};
  emit(tables, kTwo.size(), unlimited_budget(), found);
  EXPECT_GT(found.chunks, 2);
  ASSERT_EQ(found.rows.size(), 150'000U);
  std::ranges::sort(found.rows, {}, [](const auto& row) { return row[1]; });
  for (std::int64_t i = 0; i < 150'000; ++i)
    ASSERT_EQ(found.rows[static_cast<std::size_t>(i)], (std::array<std::int64_t, 3>{1, i, -3 * i}));
}

}  // namespace
}  // namespace millrace::emit_test
