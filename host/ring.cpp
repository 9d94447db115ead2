// Bookkeeping of the ring's buffers under one lock.
// SPDX-License-Identifier: Apache-2.0
#include "host/ring.h"

namespace millrace {

void Ring::add(HostBuffer buffer) {
  const std::scoped_lock lock(mutex_);
  free_.push_back({static_cast<std::uint32_t>(buffers_.size())});
  buffers_.push_back(std::move(buffer));
}

std::span<std::byte> Ring::memory(BufferId buffer) const {
  const std::scoped_lock lock(mutex_);
  const auto one_off = one_offs_.find(buffer.index);
  return one_off != one_offs_.end() ? one_off->second.bytes() : buffers_.at(buffer.index).bytes();
}

std::optional<BufferId> Ring::take() {
  {
    const std::scoped_lock lock(mutex_);
    if (!free_.empty()) {
      const BufferId buffer = free_.back();
      free_.pop_back();
      return buffer;
    }
  }
  // The engine may be asleep beside buffers that the backend has finished.
  engine.notify();
  return std::nullopt;
}

std::optional<BufferId> Ring::take_one_off(unsigned reader, std::size_t capacity) {
  {
    const std::scoped_lock lock(mutex_);
    const auto granted = granted_.find(reader);
    if (granted != granted_.end()) {
      const BufferId buffer = granted->second;
      granted_.erase(granted);
      if (one_offs_.at(buffer.index).bytes().size() >= capacity) return buffer;
      one_offs_.erase(buffer.index);
    }
    asked_.insert_or_assign(reader, capacity);
  }
  engine.notify();
  return std::nullopt;
}

void Ring::push(Item item) {
  {
    const std::scoped_lock lock(mutex_);
    queue_.push_back(std::move(item));
  }
  engine.notify();
}

bool Ring::pop(Item& item) {
  const std::scoped_lock lock(mutex_);
  if (queue_.empty()) return false;
  item = std::move(queue_.front());
  queue_.pop_front();
  return true;
}

void Ring::give_back(BufferId buffer) {
  {
    const std::scoped_lock lock(mutex_);
    if (one_offs_.erase(buffer.index) == 0) free_.push_back(buffer);
  }
  readers.notify();
}

bool Ring::serve_one_offs() {
  std::map<unsigned, std::size_t> asked;
  {
    const std::scoped_lock lock(mutex_);
    asked = asked_;
  }
  for (const auto& [reader, capacity] : asked) {
    HostBuffer buffer = pageable_buffer(capacity, budget_);
    const std::scoped_lock lock(mutex_);
    const BufferId id{next_one_off_++};
    one_offs_.emplace(id.index, std::move(buffer));
    granted_.emplace(reader, id);
    asked_.erase(reader);
  }
  if (!asked.empty()) readers.notify();
  return !asked.empty();
}

bool Ring::drained() const {
  const std::scoped_lock lock(mutex_);
  return free_.empty() && queue_.empty();
}

}  // namespace millrace
