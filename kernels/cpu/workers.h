// Threads that run tasks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace millrace {

/// The task is told the number of the worker that runs it. It must not throw.
using Task = std::function<void(std::size_t worker)>;

class Workers {
 public:
  explicit Workers(std::size_t count);
  /// Waits for running tasks and drops the others.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  std::size_t count() const { return threads_.size(); }
  /// Tasks run first come, first served.
  void post(Task task);
  /// Before all that waits.
  void post_urgent(Task task);

 private:
  void work(std::size_t worker);
  void stop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace millrace
