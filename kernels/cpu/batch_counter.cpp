// One counter for each way from a batch to keys.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/batch_counter.h"

namespace millrace {
namespace {

template <class Counter, class Rule>
Counter& made(std::optional<Counter>& counter, const Rule& rule, MemoryBudget& budget) {
  return counter ? *counter : counter.emplace(rule, budget);
}

}  // namespace

void BatchCounter::count(const Batch& batch, PaneTable& table, BudgetVector<Reject>& rejects) {
  if (batch.has_rows) return made(rows_, plan_, budget_).count(batch, table);
  if (plan_.keyed_by == KeyedBy::words) return made(words_, plan_.words, budget_).count(batch, table);
  made(records_, plan_, budget_).count(batch, table, rejects);
}

}  // namespace millrace
