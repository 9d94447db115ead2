// What one worker has counted for one pane.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <millrace/memory_budget.h>
#include <millrace/plan.h>
#include <millrace/types.h>

#include "kernels/cpu/table.h"
#include "kernels/cpu/text_arena.h"
#include "kernels/key.h"

namespace millrace {

/// What all tables of a backend share; outlives them.
struct TableRule {
  std::span<const ValueColumn> columns;
  HashRule hash;
  Table::Order order;
  MemoryBudget* budget = nullptr;
};

/// Keys with their counts and values. A sum that would leave 64 bits is spilled: its key's partial is set
/// aside and the key starts again, so that a key may be there several times. Functions that add throw
/// BudgetError.
class PaneTable {
 public:
  PaneTable(const TableRule& rule, std::size_t packed_expected = 0, std::size_t hashed_expected = 0);

  /// Counts a text once, with one value per column. REQUIRES: eight bytes may be read at `text`.
  void add(const char* text, std::uint32_t length, const std::int64_t* values) {
    if (length > kPackedBytesMax) return add_hashed({text, length}, values);
    const Key key = packed_key(load8(text), length);
    std::size_t at = packed_.find(key);
    if (packed_.is_free(at)) [[unlikely]]
      at = insert(packed_, at, key, {});
    accumulate(packed_, at, 1, values);
  }
  /// Adds one range of the keys of another table, without its spilled ones. Texts stay where they are: the
  /// other table must outlive this one.
  void add_range(const PaneTable& other, unsigned range, unsigned range_bits);
  /// Forgets all keys but those that were spilled, and keeps all texts.
  void forget_keys();

  std::size_t packed_size() const { return packed_.size(); }
  std::size_t hashed_size() const { return hashed_.size(); }
  std::size_t rows() const { return packed_.size() + hashed_.size() + spilled_.size(); }
  bool has_spilled() const { return !spilled_.empty(); }
  /// Calls visit(Key, text, count, values) for every partial.
  template <class Visit>
  void for_each_row(Visit visit) const {
    for (const Table* table : {&packed_, &hashed_})
      table->for_each(
          [&](std::size_t i) { visit(table->key(i), table->text(i), table->slot(i).count, table->values(i)); });
    for (std::size_t i = 0; i < spilled_.size(); ++i)
      visit(spilled_[i].key, spilled_[i].text, spilled_[i].count, spilled_values_.data() + i * columns_.size());
  }

 private:
  struct Spilled {
    Key key;
    std::string_view text;
    std::int64_t count = 0;
  };

  void add_hashed(std::string_view text, const std::int64_t* values);
  std::size_t insert(Table& table, std::size_t free_slot, Key key, std::string_view text);
  void accumulate(Table& table, std::size_t at, std::int64_t count, const std::int64_t* values) {
    if (!columns_.empty()) reduce_values(table, at, values);
    table.slot(at).count += count;
  }
  void reduce_values(Table& table, std::size_t at, const std::int64_t* values);
  bool sums_overflow(const std::int64_t* a, const std::int64_t* b) const;
  void spill(Table& table, std::size_t at);
  void set_to_identity(std::int64_t* values) const;

  std::span<const ValueColumn> columns_;
  HashRule hash_;
  Table packed_;
  Table hashed_;
  TextArena texts_;
  BudgetVector<Spilled> spilled_;
  BudgetVector<std::int64_t> spilled_values_;  // row-major
};

}  // namespace millrace
