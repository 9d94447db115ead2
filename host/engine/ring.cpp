// Bookkeeping of the ring's buffers under one lock.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/ring.h"

namespace millrace {

void Ring::fill(std::vector<HostBuffer> pool) {
  {
    const std::scoped_lock lock(mutex_);
    for (const BufferId buffer : free_) buffers_.erase(buffer.index);
    free_.clear();
    pool_begin_ = pool_end_;
    pool_capacity_ = pool.empty() ? 0 : pool.front().bytes().size();
    for (HostBuffer& buffer : pool) {
      check(buffer.bytes().size() == pool_capacity_, "the buffers of a pool have one capacity");
      free_.push_back({pool_end_});
      buffers_.emplace(pool_end_++, std::move(buffer));
    }
  }
  readers.notify();
}

std::span<std::byte> Ring::memory(BufferId buffer) const {
  const std::scoped_lock lock(mutex_);
  return buffers_.at(buffer.index).bytes();
}

std::optional<BufferId> Ring::acquire(unsigned reader, std::size_t at_least) {
  std::optional<BufferId> buffer;
  {
    const std::scoped_lock lock(mutex_);
    buffer = acquire_now(reader, at_least);
  }
  // The engine may be asleep: beside buffers that the backend has finished, or a one-off to allocate.
  if (!buffer) engine.notify();
  return buffer;
}

std::optional<BufferId> Ring::acquire_now(unsigned reader, std::size_t at_least) {
  if (const auto granted = granted_.extract(reader); !granted.empty()) {
    const BufferId buffer = granted.mapped();
    if (buffers_.at(buffer.index).bytes().size() >= at_least) return buffer;
    buffers_.erase(buffer.index);
  }
  if (at_least > pool_capacity_) {
    asked_.insert_or_assign(reader, at_least);
    return std::nullopt;
  }
  asked_.erase(reader);
  if (free_.empty()) return std::nullopt;
  const BufferId buffer = free_.back();
  free_.pop_back();
  return buffer;
}

void Ring::push(RingItem item) {
  {
    const std::scoped_lock lock(mutex_);
    queue_.push_back(std::move(item));
  }
  engine.notify();
}

bool Ring::pop(RingItem& item) {
  const std::scoped_lock lock(mutex_);
  if (queue_.empty()) return false;
  item = std::move(queue_.front());
  queue_.pop_front();
  return true;
}

void Ring::release(BufferId buffer) {
  {
    const std::scoped_lock lock(mutex_);
    if (in_pool(buffer.index)) {
      free_.push_back(buffer);
    } else {
      buffers_.erase(buffer.index);
    }
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
    if (asked_.erase(reader) == 0) continue;  // it found room in the pool meanwhile
    buffers_.emplace(id.index, std::move(buffer));
    granted_.emplace(reader, id);
  }
  if (!asked.empty()) readers.notify();
  return !asked.empty();
}

bool Ring::drained() const {
  const std::scoped_lock lock(mutex_);
  return free_.empty() && queue_.empty();
}

}  // namespace millrace
