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

/// A worker's thread starts when there is a task and no other worker is idle. Where the system refuses one,
/// those that are there do its work; without any, tasks run on the thread that posts them. One thread posts.
class Workers {
 public:
  explicit Workers(std::size_t count) : count_(count) {}
  /// Waits for running tasks and drops the others.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Tasks that may run at one time.
  std::size_t count() const { return count_; }
  /// Tasks run first come, first served.
  void post(Task task);
  /// Before all that waits.
  void post_urgent(Task task);

 private:
  bool has_a_thread_for_one_more();
  void work(std::size_t worker);

  const std::size_t count_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  std::size_t idle_ = 0;  ///< workers that wait for a task
  bool stopping_ = false;
  bool refused_ = false;              ///< the system gives no more threads
  std::vector<std::thread> threads_;  ///< of the thread that posts
};

}  // namespace millrace
