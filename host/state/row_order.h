// The order in which a pane's rows are shown.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <millrace/plan.h>

#include "host/state/pane_state.h"

namespace millrace {

/// The rows of `state` that the plan shows, in its order: the first `top` by first measure (descending)
/// and key bytes, then sorted as Plan::order asks, on up to `threads` threads.
BudgetVector<std::uint32_t> ordered_rows(const PaneState& state, const Plan& plan, MemoryBudget& budget,
                                         unsigned threads = 1);

}  // namespace millrace
