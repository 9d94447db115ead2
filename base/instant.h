// Instants that are far away.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include <millrace/types.h>

namespace millrace {

/// Nothing is due: only a notification wakes the thread.
inline constexpr Instant kNever = Instant::max();

/// `from` and then `by`, which is not negative; kNever where that lies beyond all time.
constexpr Instant later(Instant from, std::chrono::nanoseconds by) {
  return from > kNever - by ? kNever : from + by;
}

}  // namespace millrace
