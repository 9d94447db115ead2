// An event count: a thread sleeps until something it may care about has happened.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "host/engine/step.h"

namespace millrace {

/// Usage: take seen(), look for work, and if there is none wait(seen, until). A notify() between the look
/// and the wait is not lost. Any thread may call any function.
class EventCount {
 public:
  std::uint64_t seen() const {
    const std::scoped_lock lock(mutex_);
    return count_;
  }

  void notify() {
    {
      const std::scoped_lock lock(mutex_);
      ++count_;
    }
    changed_.notify_all();
  }

  void wait(std::uint64_t seen, Instant until) const {
    std::unique_lock lock(mutex_);
    const auto happened = [&] { return count_ != seen; };
    if (until == kNever) {
      changed_.wait(lock, happened);
    } else {
      changed_.wait_until(lock, until, happened);
    }
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::uint64_t count_ = 0;
};

}  // namespace millrace
