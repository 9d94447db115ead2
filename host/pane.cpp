// Arithmetic of panes.
// SPDX-License-Identifier: Apache-2.0
#include "host/pane.h"

#include "host/step.h"

namespace millrace {

PaneClock::PaneClock(std::chrono::nanoseconds length, const Clock& clock)
    : length_(length), start_(clock.now()), start_wall_(clock.wall()) {}

Pane PaneClock::at(Instant instant) const {
  if (!windowed()) return {};
  const std::int64_t wall = (start_wall_ + (instant - start_)).time_since_epoch().count();
  const std::int64_t length = length_.count();
  // Rounded towards the past, also before 1970.
  return {wall / length - (wall % length < 0 ? 1 : 0)};
}

Instant PaneClock::end(Pane pane) const {
  if (!windowed()) return kNever;
  const Timestamp end{length_ * (pane.index + 1)};
  return start_ + (end - start_wall_);
}

std::optional<Window> PaneClock::window(Pane pane) const {
  if (!windowed()) return std::nullopt;
  return Window{Timestamp{length_ * pane.index}, Timestamp{length_ * (pane.index + 1)}};
}

}  // namespace millrace
