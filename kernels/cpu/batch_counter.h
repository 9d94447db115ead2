// Counts batches into tables, as a plan says.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <millrace/memory_budget.h>
#include <millrace/plan.h>
#include <millrace/types.h>

#include "kernels/cpu/record_counter.h"
#include "kernels/cpu/row_counter.h"
#include "kernels/cpu/word_counter.h"

namespace millrace {

/// One per worker: it keeps scratch memory. Throws BudgetError.
class BatchCounter {
 public:
  /// REQUIRES: `plan` outlives the counter.
  BatchCounter(const Plan& plan, MemoryBudget& budget) : plan_(plan), budget_(budget) {}

  /// REQUIRES: check_batch.
  void count(const Batch& batch, PaneTable& table, BudgetVector<Reject>& rejects);

 private:
  const Plan& plan_;
  MemoryBudget& budget_;
  // Each is made when a batch needs it: the scratch memory of all workers is a good part of a small budget.
  std::optional<WordCounter> words_;
  std::optional<RecordCounter> records_;
  std::optional<RowCounter> rows_;
};

}  // namespace millrace
