// Whether two backends have found the same.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <millrace/plan.h>

#include "host/state/columns.h"

namespace millrace {

/// What one backend has collected, with its name for the sentence.
struct Finding {
  std::string_view who;
  const Columns& columns;
};

/// The first key, by its bytes, for which the two differ once equal keys are merged, with both counts and
/// values in words; empty if there is none. Throws BudgetError.
std::string first_difference(const Finding& a, const Finding& b, std::span<const ValueColumn> columns,
                             MemoryBudget& budget);

}  // namespace millrace
