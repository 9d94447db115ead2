// Partials that somebody owns: columns drawn from the memory budget, with the texts of hashed keys.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <millrace/backend.h>
#include <millrace/memory_budget.h>
#include <millrace/types.h>

#include "base/column.h"
#include "base/partial_bytes.h"

namespace millrace {

/// Collects what a backend hands over in one collect, and outlives it. Not thread-safe.
class Columns final : public PartialSink {
 public:
  Columns(std::size_t value_columns, MemoryBudget& budget);

  void add(const Partials& partials) override;
  /// Appends one key with its count. Throws BudgetError and then holds what it held before. Its values are
  /// appended by the caller, if they are not given.
  void append(Key key, std::string_view text, std::int64_t count);
  void append(Key key, std::string_view text, std::int64_t count, std::span<const Int128> row_values);

  std::size_t size() const { return keys.size(); }
  Int128 value(std::size_t row, std::size_t column) const {
    const std::int64_t low = values[column][row];
    if (high[column].empty()) return low;
    return static_cast<Int128>(high[column][row]) * (Int128{1} << 64) + static_cast<std::uint64_t>(low);
  }
  void set_value(std::size_t row, std::size_t column, Int128 value);
  /// From now on the column has 128 bits.
  void widen(std::size_t column);

  /// What all of it takes, but for the room to grow.
  std::size_t bytes() const { return size() * partial_bytes(values.size()) + texts_.size(); }
  /// The text of a hashed key; empty for a packed one. Valid until the next add or append.
  std::string_view hashed_text(std::size_t row) const;
  /// The key's bytes. A packed key is unpacked into `scratch`; a hashed one's text lives as hashed_text.
  std::string_view text(std::size_t row, char (&scratch)[8]) const;

  void prefetch(std::size_t row) const {
    __builtin_prefetch(&keys[row]);
    __builtin_prefetch(&counts[row]);
    for (const auto& column : values) __builtin_prefetch(&column[row]);
  }

  void prefetch_text_end(std::size_t row) const { __builtin_prefetch(&text_end_[row]); }
  void prefetch_text(std::size_t row) const { __builtin_prefetch(hashed_text(row).data()); }

  Column<Key> keys;
  Column<std::int64_t> counts;
  std::vector<Column<std::int64_t>> values;  ///< a vector per value column
  /// Of each value column what does not fit 64 bits: value = high * 2^64 + unsigned(low). Empty until a sum
  /// needs it, as none of a backend does.
  std::vector<Column<std::int64_t>> high;
  bool unique = true;  ///< no key comes twice
  std::int64_t count_total = 0;

 private:
  Column<std::uint64_t> text_end_;  ///< one past each row's text in texts_
  Column<char> texts_;
};

}  // namespace millrace
