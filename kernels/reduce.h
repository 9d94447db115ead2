// How two values of a column become one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <millrace/plan.h>

#include "kernels/hd.h"

namespace millrace {

/// The value that changes nothing.
MILLRACE_HD constexpr std::int64_t identity(Combine combine) {
  switch (combine) {
    case Combine::sum: return 0;
    case Combine::min: return INT64_MAX;
    case Combine::max: return INT64_MIN;
  }
  return 0;
}

MILLRACE_HD constexpr bool sum_overflows(std::int64_t a, std::int64_t b) {
  return b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b;
}

/// REQUIRES, for a sum: !sum_overflows(a, b).
MILLRACE_HD constexpr std::int64_t reduce(Combine combine, std::int64_t a, std::int64_t b) {
  switch (combine) {
    case Combine::sum: return a + b;
    case Combine::min: return a < b ? a : b;
    case Combine::max: return a > b ? a : b;
  }
  return 0;
}

static_assert(reduce(Combine::sum, identity(Combine::sum), -5) == -5);
static_assert(reduce(Combine::min, identity(Combine::min), 7) == 7);
static_assert(reduce(Combine::max, identity(Combine::max), INT64_MIN) == INT64_MIN);
static_assert(reduce(Combine::min, -1, 1) == -1 && reduce(Combine::max, -1, 1) == 1);
static_assert(!sum_overflows(INT64_MAX, 0) && sum_overflows(INT64_MAX, 1));
static_assert(!sum_overflows(INT64_MIN, 0) && sum_overflows(INT64_MIN, -1));
static_assert(!sum_overflows(INT64_MAX, INT64_MIN) && !sum_overflows(INT64_MIN, INT64_MAX));

}  // namespace millrace
