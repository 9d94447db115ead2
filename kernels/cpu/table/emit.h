// Hands tables over as columns.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <millrace/backend.h>

#include "kernels/cpu/table/pane_table.h"

namespace millrace {

/// Gives the sink every row of the tables, in chunks. Unique as long as nothing was spilled.
/// REQUIRES: no key is in two tables, spilled ones aside. Throws BudgetError and what the sink throws.
void emit(std::span<const PaneTable* const> tables, std::size_t columns, MemoryBudget& budget,
          PartialSink& sink);

}  // namespace millrace
