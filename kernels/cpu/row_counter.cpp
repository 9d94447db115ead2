// Keys of one neighbourhood go together.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/row_counter.h"

namespace millrace {

RowCounter::RowCounter(const Plan& plan, MemoryBudget& budget)
    : columns_(value_columns(plan.measures)),
      values_(BudgetAllocator<std::int64_t>(budget)),
      keys_(BudgetAllocator<KeyList>(budget)) {
  keys_.emplace_back();
}

void RowCounter::count(const Batch& batch, PaneTable& table) {
  const char* text = reinterpret_cast<const char*>(batch.bytes.data());
  const Rows& rows = batch.rows;
  KeyList& keys = keys_[0];
  std::uint32_t base = 0;
  keys.begin(text);
  for (std::size_t row = 0; row < rows.key_at.size(); ++row) {
    const std::uint32_t begin = rows.key_at[row];
    const std::uint32_t length = rows.key_length[row];
    if (begin < base || begin + length - base > 0xffff || keys.is_full()) {
      flush(table);
      base = begin;
      keys.begin(text + base);
    }
    append_values(rows, row);
    if (length <= 0xffff) {
      keys.add(begin - base, begin + length - base);
    } else {
      table.add(text + begin, length, values_.data());
      values_.clear();
    }
  }
  flush(table);
}

void RowCounter::append_values(const Rows& rows, std::size_t row) {
  for (const ValueColumn& column : columns_)
    values_.push_back(rows.values[column.value * rows.key_at.size() + row]);
}

void RowCounter::flush(PaneTable& table) {
  keys_[0].flush(table, values_);
  values_.clear();
}

}  // namespace millrace
