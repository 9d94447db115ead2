// Counts keys that the host has found.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include <millrace/memory_budget.h>
#include <millrace/plan.h>
#include <millrace/types.h>

#include "kernels/cpu/table/key_list.h"
#include "kernels/cpu/table/pane_table.h"

namespace millrace {

/// One thread uses it. Throws BudgetError.
class RowCounter {
 public:
  RowCounter(const Plan& plan, MemoryBudget& budget);

  void count(const Batch& batch, PaneTable& table);

 private:
  void append_values(const Rows& rows, std::size_t row);
  void flush(PaneTable& table);

  const std::vector<ValueColumn> columns_;
  BudgetVector<std::int64_t> values_;  ///< row-major, of the keys in the list
  BudgetVector<KeyList> keys_;         ///< one
};

}  // namespace millrace
