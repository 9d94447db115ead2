// Counts batches into tables, as a plan says.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <millrace/memory_budget.h>
#include <millrace/plan.h>
#include <millrace/types.h>

#include "kernels/cpu/pane_table.h"

namespace millrace {

/// One per worker: it keeps scratch memory. Throws BudgetError.
class BatchCounter {
 public:
  /// REQUIRES: `plan` outlives the counter.
  BatchCounter(const Plan& plan, MemoryBudget& budget);

  void count(const Batch& batch, PaneTable& table, BudgetVector<Reject>& rejects);

 private:
  void count_words(const Batch& batch, PaneTable& table);
  void count_words(const char* text, Token part, PaneTable& table);
  void count_pieces(const char* text, Token record, PaneTable& table);
  void count_fields(const char* text, Token record, PaneTable& table, BudgetVector<Reject>& rejects);
  void count_rows(const Batch& batch, PaneTable& table);
  void add_folded(const char* word, std::uint32_t length, PaneTable& table);
  void add(PaneTable& table, const char* text, Token key);

  const Plan& plan_;
  std::vector<ValueColumn> columns_;
  std::vector<std::int64_t> inputs_;         // of the record at hand
  std::vector<std::int64_t> column_values_;  // what its columns read from them
  BudgetVector<char> folded_;                // one long word in lower case
};

}  // namespace millrace
