// Tables as columns: what they promise of their keys.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/table/emit.h"

#include <array>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace millrace {
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

}  // namespace
}  // namespace millrace
