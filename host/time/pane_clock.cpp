// Arithmetic of panes, and how their clock follows the machine's.
// SPDX-License-Identifier: Apache-2.0
#include "host/time/pane_clock.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/instant.h"

namespace millrace {
namespace {

using std::chrono::nanoseconds;

nanoseconds offset_from(Instant instant, Timestamp wall) {
  return wall.time_since_epoch() - instant.time_since_epoch();
}

// Not above the truth, also if the thread is held up between its two looks.
nanoseconds least_offset(const Clock& clock) {
  const Timestamp wall = clock.wall();
  return offset_from(clock.now(), wall);
}

}  // namespace

PaneClock::PaneClock(nanoseconds length, const Clock& clock, OnEvent on_event, std::optional<Pane> earliest)
    : length_(length), clock_(clock), on_event_(std::move(on_event)), offset_(least_offset(clock)) {
  if (!windowed() || !earliest) return;
  const Timestamp begin{length_ * earliest->index};
  offset_ = std::max(offset_, offset_from(clock.now(), begin));
}

Pane PaneClock::at(Instant instant) {
  if (!windowed()) return {};
  const std::int64_t time = (instant.time_since_epoch() + follow_wall()).count();
  const std::int64_t length = length_.count();
  // Rounded towards the past, also before 1970.
  return {time / length - (time % length < 0 ? 1 : 0)};
}

nanoseconds PaneClock::follow_wall() {
  nanoseconds set_back{0};
  nanoseconds offset;
  {
    const std::scoped_lock lock(mutex_);
    // One look between two at the other clock: what they say holds however long the thread is held up.
    const Instant before = clock_.now();
    const Timestamp wall = clock_.wall();
    const nanoseconds ahead = offset_from(clock_.now(), wall) - offset_;
    if (ahead > length_) offset_ += ahead;
    const nanoseconds behind = offset_ - offset_from(before, wall);
    const bool was_behind = std::exchange(is_behind_, behind > length_);
    if (is_behind_ && !was_behind) set_back = behind;
    offset = offset_;
  }
  if (set_back.count() > 0 && on_event_)
    on_event_({Event::Level::warning,
               "the machine's clock was set back by " +
                   std::to_string(std::chrono::ceil<std::chrono::seconds>(set_back).count()) +
                   " s: windows go on from where they were, ahead of it, until it has caught up"});
  return offset;
}

Instant PaneClock::end(Pane pane) const {
  if (!windowed()) return kNever;
  const nanoseconds end = window_end(pane).time_since_epoch();
  const std::scoped_lock lock(mutex_);
  return offset_.count() < 0 ? later(Instant{end}, -offset_) : Instant{end - offset_};
}

std::optional<Window> PaneClock::window(Pane pane) const {
  if (!windowed()) return std::nullopt;
  return Window{Timestamp{length_ * pane.index}, window_end(pane)};
}

Timestamp PaneClock::window_end(Pane pane) const {
  const bool fits = pane.index < std::numeric_limits<std::int64_t>::max() / length_.count();
  return fits ? Timestamp{length_ * (pane.index + 1)} : Timestamp::max();
}

}  // namespace millrace
