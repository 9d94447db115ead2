// Sorts rows by numbers and by the bytes of their keys.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <millrace/worker_pool.h>

#include "host/state/columns.h"

namespace millrace {

/// Seven bytes of a row's key from `depth` on, the first one highest, and below them how many there are: 8 if
/// the key goes on. Prefixes compare as these bytes do. REQUIRES: a key of more than seven bytes has at least
/// `depth`.
std::uint64_t prefix_of(const Columns& columns, std::size_t row, std::size_t depth = 0);

/// Sorts rows by their ranks, ascending, then by the bytes of their keys, by the workers. ranks[i]
/// is that of rows[i]; afterwards it means nothing. Throws BudgetError.
void sort_rows(std::span<std::uint32_t> rows, std::span<std::uint64_t> ranks, const Columns& columns,
               MemoryBudget& budget, WorkerPool& workers);

}  // namespace millrace
