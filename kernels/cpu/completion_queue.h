// What workers tell the engine thread: finished batches, or the first error.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include <millrace/backend.h>
#include <millrace/memory_budget.h>
#include <millrace/types.h>

namespace millrace {

struct Done {
  BufferId buffer;
  BudgetVector<Reject> rejects;
  std::chrono::nanoseconds working{};
};

/// Any thread may call any function. An error stays: what was counted is then worth nothing.
class CompletionQueue {
 public:
  void push(Done done) {
    {
      const std::lock_guard lock(mutex_);
      done_.push_back(std::move(done));
    }
    changed_.notify_one();
  }
  void fail(std::exception_ptr error) {
    {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::move(error);
    }
    changed_.notify_one();
  }
  void throw_if_failed() {
    const std::lock_guard lock(mutex_);
    if (error_) std::rethrow_exception(error_);
  }
  /// The next finished batch. Throws the error, if there is one.
  std::optional<Done> pop(Wait wait) {
    std::unique_lock lock(mutex_);
    if (wait == Wait::yes) changed_.wait(lock, [&] { return error_ || !done_.empty(); });
    if (error_) std::rethrow_exception(error_);
    if (done_.empty()) return std::nullopt;
    std::optional<Done> first(std::move(done_.front()));
    done_.pop_front();
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Done> done_;
  std::exception_ptr error_;
};

}  // namespace millrace
