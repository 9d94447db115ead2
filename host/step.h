// What one step of a reader, the engine or the committer tells its thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

#include <millrace/types.h>

namespace millrace {

/// Nothing is due: only a notification wakes the thread.
inline constexpr Instant kNever = Instant::max();

/// `from` and then `by`, which is not negative; kNever where that lies beyond all time.
constexpr Instant later(Instant from, std::chrono::nanoseconds by) {
  return from > kNever - by ? kNever : from + by;
}

/// Reader, engine and committer are objects with a step() that does one piece of work and returns. Only
/// the thread around it waits, so a simulator can drive all of them on one thread.
struct Step {
  bool progress = false;  ///< something was done: step again at once
  bool waited = false;    ///< the step itself has waited, inside a source: step again at once
  Instant wake = kNever;  ///< nothing can be done before this, unless notified

  static Step done() { return {.progress = true}; }
  static Step wait(Instant until = kNever) { return {.wake = until}; }
  static Step idle_source(Instant until) { return {.waited = true, .wake = until}; }
};

}  // namespace millrace
