// Panes of arrival time: which pane an instant lies in, and when a pane ends.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include <millrace/clock.h>
#include <millrace/event.h>
#include <millrace/types.h>

namespace millrace {

/// Monotonic time, set to the wall clock at construction and anew where that has gone ahead of it by more than
/// a pane: it was set on, or the machine slept. Where the wall clock was set back, this one goes on from where
/// it was until that has caught up, so that no window comes twice under one label. Panes are aligned to the
/// Unix epoch. Any thread may call any function.
class PaneClock {
 public:
  /// `length` 0: the whole stream is pane 0 and never ends. `on_event` is told, once, that the wall clock was
  /// set back. No instant lies before the pane `earliest`, as if the clock had been set back where it does.
  PaneClock(std::chrono::nanoseconds length, const Clock& clock, OnEvent on_event = {},
            std::optional<Pane> earliest = {});

  bool windowed() const { return length_.count() > 0; }
  /// The pane of an instant that is now, or was just now. Looks at the wall clock; what it returns never lies
  /// before what it has returned for an earlier instant.
  Pane at(Instant instant);
  /// The first instant after the pane, as far as is known now: it moves towards the past with a wall clock that
  /// goes ahead.
  Instant end(Pane pane) const;
  std::optional<Window> window(Pane pane) const;

 private:
  std::chrono::nanoseconds follow_wall();
  Timestamp window_end(Pane pane) const;

  const std::chrono::nanoseconds length_;
  const Clock& clock_;
  const OnEvent on_event_;
  mutable std::mutex mutex_;
  std::chrono::nanoseconds offset_;  ///< from monotonic time to the time of panes; only grows
  bool is_behind_ = false;           ///< the wall clock, by more than a pane
};

}  // namespace millrace
