// Submit, reclaim, collect, and again.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/backend_driver.h"

#include <algorithm>
#include <optional>

#include <millrace/error.h>

namespace millrace {

void BackendDriver::submit(const Batch& batch) {
  panes_.insert(batch.pane);
  in_flight_.insert_or_assign(batch.buffer, batch);
  backend_.submit(batch);
}

bool BackendDriver::reclaim(Wait wait) {
  if (!take_back(wait)) return false;
  if (!uncounted_.empty()) submit_again();
  return true;
}

void BackendDriver::settle() {
  while (!in_flight_.empty()) reclaim(Wait::yes);
}

// What is in flight may be counted before or after.
void BackendDriver::collect(Pane pane) {
  const bool stays =
      std::ranges::any_of(in_flight_, [pane](const auto& each) { return each.second.pane == pane; });
  if (!stays) panes_.erase(pane);
  owner_.collect(pane);
}

bool BackendDriver::take_back(Wait wait) {
  if (in_flight_.empty()) return false;
  const std::optional<Finished> finished = backend_.reclaim(wait);
  check(finished || wait == Wait::no, "a backend gives back every buffer it was given");
  if (!finished) return false;
  const auto node = in_flight_.extract(finished->buffer);
  check(!node.empty(), "a backend gives back the buffers it was given");
  if (!finished->counted) uncounted_.push_back(node.mapped());
  owner_.came_back(*finished);
  return true;
}

// When nothing else is in flight, one by one: so that no batch takes the room that was made for another.
void BackendDriver::submit_again() {
  while (take_back(Wait::yes)) continue;
  collect(uncounted_.back().pane);
  while (!uncounted_.empty()) {
    const Batch batch = uncounted_.back();
    uncounted_.pop_back();
    if (!is_counted(batch)) make_room(batch);
  }
}

// Its own pane may be full, or there are too many panes: then others go, the oldest first.
void BackendDriver::make_room(const Batch& batch) {
  collect(batch.pane);
  while (!is_counted(batch)) {
    panes_.erase(batch.pane);
    check(!panes_.empty(), "a backend without panes counts any batch");
    collect(*panes_.begin());
  }
}

bool BackendDriver::is_counted(const Batch& batch) {
  submit(batch);
  take_back(Wait::yes);
  if (uncounted_.empty() || uncounted_.back().buffer != batch.buffer) return true;
  uncounted_.pop_back();
  return false;
}

}  // namespace millrace
