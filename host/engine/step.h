// What one step of a reader, the engine or the committer tells its thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <millrace/types.h>
#include <algorithm>

#include "base/instant.h"

namespace millrace {

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
