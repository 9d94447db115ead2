// Buffers become batches, and go when they are due.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/reader/open_batches.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace millrace {

BatchBuilder* OpenBatches::of(Pane pane, std::size_t at_least) {
  const auto found = batches_.find(pane);
  if (found != batches_.end()) {
    if (found->second.room().size() >= at_least) return &found->second;
    close(pane);
  }
  const std::optional<BufferId> buffer = shared_.ring.acquire(reader_, at_least);
  if (!buffer) {
    close_fullest();
    return nullptr;
  }
  BatchBuilder batch(*buffer, shared_.ring.memory(*buffer), shared_.budget);
  batch.pane = pane;
  return &batches_.emplace(pane, std::move(batch)).first->second;
}

void OpenBatches::start_age(BatchBuilder& batch, Pane pane) const {
  batch.pane = pane;
  batch.opened = shared_.clock.now();
  batch.close_at = std::min(later(batch.opened, shared_.options.batch_time), shared_.panes.end(pane));
}

Instant OpenBatches::next_close() const {
  Instant next = kNever;
  for (const auto& [pane, batch] : batches_)
    if (!batch.empty()) next = std::min(next, batch.close_at);
  return next;
}

void OpenBatches::close(Pane pane) {
  auto node = batches_.extract(pane);
  BatchBuilder& batch = node.mapped();
  if (batch.empty()) {
    shared_.ring.release(batch.buffer());
  } else {
    shared_.ring.push(std::move(batch).close(reader_, shared_.clock.now()));
  }
}

void OpenBatches::close_overdue(Instant now) {
  for (auto it = batches_.begin(); it != batches_.end();) {
    const auto current = it++;
    if (!current->second.empty() && current->second.close_at <= now) close(current->first);
  }
}

bool OpenBatches::close_fullest() {
  const auto fullest = std::ranges::max_element(
      batches_, {}, [](const auto& entry) { return entry.second.bytes() + entry.second.records(); });
  if (fullest == batches_.end() || fullest->second.empty()) return false;
  close(fullest->first);
  return true;
}

void OpenBatches::close_all() {
  while (!batches_.empty()) close(batches_.begin()->first);
}

void OpenBatches::forget() {
  for (const auto& [pane, batch] : batches_) shared_.ring.release(batch.buffer());
  batches_.clear();
}

}  // namespace millrace
