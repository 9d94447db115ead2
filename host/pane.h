// Panes of arrival time: which pane an instant lies in, and when a pane ends.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <millrace/clock.h>
#include <millrace/types.h>

namespace millrace {

/// Reads the wall clock once, at construction, and goes on with monotonic time, so that a change of the
/// machine's clock neither repeats nor skips a window. Panes are aligned to the Unix epoch.
class PaneClock {
 public:
  /// `length` 0: the whole stream is pane 0 and never ends.
  PaneClock(std::chrono::nanoseconds length, const Clock& clock);

  bool windowed() const { return length_.count() > 0; }
  Pane at(Instant instant) const;
  /// The first instant after the pane.
  Instant end(Pane pane) const;
  std::optional<Window> window(Pane pane) const;

 private:
  std::chrono::nanoseconds length_;
  Instant start_;
  Timestamp start_wall_;
};

}  // namespace millrace
