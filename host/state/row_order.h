// The order in which a pane's rows are shown.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <millrace/plan.h>
#include <millrace/worker_pool.h>

#include "host/state/pane_state.h"

namespace millrace {

struct OrderedRows {
  BudgetVector<std::uint32_t> rows;   ///< their numbers
  BudgetVector<std::uint32_t> ranks;  ///< Aggregate::rank of each; empty: they have none
};

/// The rows of `state` that the plan shows, in its order: the first `top` by first measure (descending)
/// and key bytes, then sorted as Plan::order asks, by the workers.
OrderedRows ordered_rows(const PaneState& state, const Plan& plan, MemoryBudget& budget, WorkerPool& workers);

}  // namespace millrace
