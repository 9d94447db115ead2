// Bookkeeping of the ring's buffers under one lock.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/ring.h"

#include <algorithm>

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
    ask(reader, at_least);
    return std::nullopt;
  }
  forget(reader);
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
  bool wanted = false;
  {
    const std::scoped_lock lock(mutex_);
    if (in_pool(buffer.index)) {
      free_.push_back(buffer);
    } else {
      buffers_.erase(buffer.index);
    }
    wanted = !asked_.empty();
  }
  readers.notify();
  if (wanted) engine.notify();
}

std::optional<HostBuffer> Ring::acquire_memory(unsigned reader, std::size_t bytes) {
  std::optional<HostBuffer> memory;
  {
    const std::scoped_lock lock(mutex_);
    if (const auto granted = granted_.extract(reader); !granted.empty())
      memory = std::move(buffers_.extract(granted.mapped().index).mapped());
    if (!memory || memory->bytes().size() < bytes) {
      memory.reset();
      ask(reader, bytes);
    }
  }
  engine.notify();
  return memory;
}

void Ring::withdraw(unsigned reader) {
  {
    const std::scoped_lock lock(mutex_);
    forget(reader);
    if (const auto granted = granted_.extract(reader); !granted.empty()) buffers_.erase(granted.mapped().index);
  }
  engine.notify();  // others may be waiting for that memory
}

void Ring::ask(unsigned reader, std::size_t capacity) {
  const auto found = std::ranges::find(asked_, reader, &Request::reader);
  if (found == asked_.end()) {
    asked_.push_back({reader, capacity});
  } else {
    found->capacity = capacity;
  }
}

void Ring::forget(unsigned reader) {
  std::erase_if(asked_, [&](const Request& each) { return each.reader == reader; });
}

// Nobody is served before who asked first: a large buffer would never find its room among small ones.
bool Ring::serve_one_offs() {
  bool any = false;
  for (;;) {
    std::optional<Request> next;
    {
      const std::scoped_lock lock(mutex_);
      if (asked_.empty()) break;
      next = asked_.front();
    }
    std::optional<HostBuffer> buffer = allocate(next->capacity);
    if (!buffer) break;
    any = true;
    const std::scoped_lock lock(mutex_);
    if (asked_.empty() || asked_.front().reader != next->reader)
      continue;  // it found room in the pool meanwhile
    asked_.erase(asked_.begin());
    const BufferId id{next_one_off_++};
    buffers_.emplace(id.index, std::move(*buffer));
    granted_.emplace(next->reader, id);
  }
  if (any) readers.notify();
  return any;
}

// None if it is to wait for another one that is out. Beside others it may only take of the first half of the
// budget: the rest is left to what is counted, which cannot wait. The lock is not held, as the system takes its
// time to give memory.
std::optional<HostBuffer> Ring::allocate(std::size_t capacity) const {
  bool others = false;
  {
    const std::scoped_lock lock(mutex_);
    others = !buffers_.empty() && buffers_.rbegin()->first >= kFirstOneOff;
  }
  if (others && budget_.used() + capacity > budget_.limit() / 2) return std::nullopt;
  return pageable_buffer(capacity, budget_);
}

bool Ring::drained() const {
  const std::scoped_lock lock(mutex_);
  return queue_.empty() && (free_.empty() || !asked_.empty());
}

}  // namespace millrace
