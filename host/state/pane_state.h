// The state of one pane: partials merged by key and text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <millrace/memory_budget.h>
#include <millrace/plan.h>
#include <millrace/types.h>

#include "host/state/columns.h"
#include "host/state/row_index.h"
#include "kernels/key.h"

namespace millrace {

/// Rows have numbers of 32 bits.
inline constexpr std::size_t kPaneKeysMax = 0xffff'ffff;

/// The merged keys of one pane. The first partials, if unique, are adopted without hashing a key; only a second
/// merge builds the index. Not thread-safe.
class PaneState {
 public:
  /// `seed` orders the index. It is not that of a table that partials come from: keys that come in the order of
  /// one table would fill another of that order heap by heap. `keys_max` <= kPaneKeysMax is less in tests.
  PaneState(std::vector<ValueColumn> columns, std::uint64_t seed, MemoryBudget& budget,
            std::size_t keys_max = kPaneKeysMax);

  /// Throws BudgetError, and LimitError where there would be more than `keys_max` keys. The state holds a part
  /// of the partials then, and nothing more may be asked of it.
  void merge(Columns&& partials);

  std::size_t size() const { return rows_.size(); }
  Key key(std::size_t row) const { return rows_.keys[row]; }
  /// The key's bytes, as Columns::text.
  std::string_view text(std::size_t row, char (&scratch)[8]) const { return rows_.text(row, scratch); }
  /// Keys and counts; of sums the low 64 bits.
  const Columns& columns() const { return rows_; }
  /// The same of a hashed key; empty for a packed one.
  std::string_view hashed_text(std::size_t row) const { return rows_.hashed_text(row); }
  std::int64_t count(std::size_t row) const { return rows_.counts[row]; }
  Int128 value(std::size_t row, std::size_t column) const { return rows_.value(row, column); }
  /// Whether a value of the column may need more than 64 bits.
  bool is_wide(std::size_t column) const { return !rows_.high[column].empty(); }
  /// Sorted rows lie anywhere in memory: those that will be looked at soon are fetched together, then the
  /// places of their texts, if their keys are hashed, then these texts.
  void prefetch(std::size_t row) const { rows_.prefetch(row); }
  void prefetch_text_end(std::size_t row) const { rows_.prefetch_text_end(row); }
  void prefetch_text(std::size_t row) const { rows_.prefetch_text(row); }

 private:
  void merge_block(const Columns& partials, std::size_t begin, std::size_t end);
  std::size_t find_or_add(std::size_t slot, Key key, std::string_view text);
  void add_values(std::size_t row, const Columns& from, std::size_t from_row, bool is_new);
  void combine(std::size_t row, std::size_t column, Int128 value);
  bool combine_narrow(std::size_t row, std::size_t column, std::int64_t value);

  std::vector<ValueColumn> columns_;
  std::size_t keys_max_;
  Columns rows_;
  RowIndex index_;
};

}  // namespace millrace
