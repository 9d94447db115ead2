// The loop of a worker, and when its thread starts.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/workers.h"

#include <system_error>
#include <utility>

namespace millrace {

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::post(Task task) {
  if (!has_a_thread_for_one_more()) return task(0);
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
}

void Workers::post_urgent(Task task) {
  if (!has_a_thread_for_one_more()) return task(0);
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_front(std::move(task));
  }
  changed_.notify_one();
}

// False if there is no thread at all.
bool Workers::has_a_thread_for_one_more() {
  {
    const std::lock_guard lock(mutex_);
    if (idle_ > tasks_.size()) return true;
  }
  if (threads_.size() == count_ || refused_) return !threads_.empty();
  try {
    threads_.reserve(count_);
    threads_.emplace_back([this, worker = threads_.size()] { work(worker); });
  } catch (const std::system_error&) {
    refused_ = true;
  }
  return !threads_.empty();
}

void Workers::work(std::size_t worker) {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [&] { return stopping_ || !tasks_.empty(); });
    --idle_;
    if (stopping_) return;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task(worker);
    task = nullptr;
    lock.lock();
  }
}

}  // namespace millrace
