// One counter for each way in which a plan finds keys.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/batch_counter.h"

#include <utility>

namespace millrace {
namespace {

using Counter = std::variant<WordCounter, RecordCounter, RowCounter>;

Counter make_counter(const Plan& plan, MemoryBudget& budget) {
  switch (plan.keyed_by) {
    case KeyedBy::words: return Counter(std::in_place_type<WordCounter>, plan.words, budget);
    case KeyedBy::rows: return Counter(std::in_place_type<RowCounter>, plan, budget);
    case KeyedBy::split:
    case KeyedBy::fields:
    case KeyedBy::record: break;
  }
  return Counter(std::in_place_type<RecordCounter>, plan, budget);
}

}  // namespace

BatchCounter::BatchCounter(const Plan& plan, MemoryBudget& budget) : counter_(make_counter(plan, budget)) {}

void BatchCounter::count(const Batch& batch, PaneTable& table, BudgetVector<Reject>& rejects) {
  check(batch.has_rows == std::holds_alternative<RowCounter>(counter_),
        "batches of a rows job, and no others, have rows");
  if (auto* words = std::get_if<WordCounter>(&counter_)) return words->count(batch, table);
  if (auto* records = std::get_if<RecordCounter>(&counter_)) return records->count(batch, table, rejects);
  std::get<RowCounter>(counter_).count(batch, table);
}

}  // namespace millrace
