// The loop of a worker, and when its thread starts.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/worker_pool.h>

#include <new>
#include <system_error>
#include <utility>

namespace millrace {

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    start_a_thread_if_wanted();
    if (!threads_.empty()) {
      tasks_.push_back(std::move(task));
      changed_.notify_one();
      return;
    }
  }
  task(0);
}

void WorkerPool::start_a_thread_if_wanted() {
  if (idle_ > tasks_.size() || threads_.size() == size_ || refused_) return;
  try {
    threads_.reserve(size_);
    threads_.emplace_back([this, worker = threads_.size()] { work(worker); });
  } catch (const std::system_error&) {
    refused_ = true;
  }
}

void WorkerPool::work(std::size_t worker) {
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

TaskGroup::~TaskGroup() {
  {
    const std::lock_guard lock(mutex_);
    dropped_ = true;
  }
  wait();
}

void TaskGroup::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    ++left_;
  }
  try {
    pool_.post([this, task = std::move(task)](std::size_t worker) mutable {
      if (!dropped()) task(worker);
      task = nullptr;  // what it holds goes before the group may
      end_one();
    });
  } catch (...) {
    end_one();
    throw;
  }
}

bool TaskGroup::dropped() {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void TaskGroup::end_one() {
  const std::lock_guard lock(mutex_);
  if (--left_ == 0) ended_.notify_all();  // under the lock: the group may be gone as soon as that is given up
}

void TaskGroup::wait() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return left_ == 0; });
}

void in_parallel(WorkerPool& pool, std::size_t pieces, const std::function<void(std::size_t piece)>& work) {
  TaskGroup group(pool);
  for (std::size_t piece = 1; piece < pieces; ++piece) {
    try {
      group.post([&work, piece](std::size_t) { work(piece); });
    } catch (const std::bad_alloc&) {
      work(piece);
    }
  }
  if (pieces > 0) work(0);
  group.wait();
}

}  // namespace millrace
