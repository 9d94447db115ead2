// Keys and values that were found on the host.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <millrace/memory_budget.h>

namespace millrace {

/// Keys and values that a host function found in a batch; the owner of Rows.
struct RowData {
  explicit RowData(MemoryBudget& budget)
      : key_at(BudgetAllocator<std::uint32_t>(budget)),
        key_length(BudgetAllocator<std::uint32_t>(budget)),
        values(BudgetAllocator<std::int64_t>(budget)) {}
  BudgetVector<std::uint32_t> key_at;
  BudgetVector<std::uint32_t> key_length;
  BudgetVector<std::int64_t> values;  ///< row by row while the batch is open, column-major once closed
};

}  // namespace millrace
