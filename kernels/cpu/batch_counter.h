// Counts batches into tables, as a plan says.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <variant>

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
  BatchCounter(const Plan& plan, MemoryBudget& budget);

  void count(const Batch& batch, PaneTable& table, BudgetVector<Reject>& rejects);

 private:
  std::variant<WordCounter, RecordCounter, RowCounter> counter_;
};

}  // namespace millrace
