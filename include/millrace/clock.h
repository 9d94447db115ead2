// The clock seam: real time for programs, manual time for tests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <millrace/types.h>

namespace millrace {

/// Any thread may call it.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Monotonic time: everything but the names of windows is decided by it.
  virtual Instant now() const = 0;
  /// Calendar time, which names windows. It may be set on and back.
  virtual Timestamp wall() const = 0;
  /// Threads wait by the machine's steady clock: one that waits for `instant` wakes at what this returns, and
  /// looks at now() again. For a clock that keeps step with that one it is the instant itself.
  virtual Instant wake_for(Instant instant) const { return instant; }
};

const Clock& real_clock();

}  // namespace millrace
