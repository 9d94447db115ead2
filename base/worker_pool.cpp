// The loop of a worker, and when its thread starts.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/worker_pool.h>

#include <algorithm>
#include <atomic>
#include <memory>
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
  if (!enqueue(task)) task(0);
}

// Help that nobody depends on.
void WorkerPool::try_post(Task task) {
  try {
    enqueue(task);
  } catch (const std::bad_alloc&) {
    // Then there is no help.
  }
}

// Takes the task, unless nobody will run it.
bool WorkerPool::enqueue(Task& task) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  start_a_thread_if_wanted();
  if (threads_.empty()) return false;
  tasks_.push_back(std::move(task));
  changed_.notify_one();
  return true;
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

namespace {

/// Taken by whoever is there, and kept by the tasks that find none left.
struct Pieces {
  const std::function<void(std::size_t piece)>& work;  ///< gone when the last piece has ended
  std::size_t count;
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> ended = 0;

  /// False: there was none left.
  bool run_one() {
    const std::size_t piece = next++;
    if (piece >= count) return false;
    work(piece);
    if (++ended == count) ended.notify_all();
    return true;
  }
};

}  // namespace

// Who waits here has begun all that no worker did: so tasks may ask for parallel work themselves. A helper goes
// to the end of the queue after each piece, so that others' tasks wait for one piece only.
void in_parallel(WorkerPool& pool, std::size_t count, const std::function<void(std::size_t piece)>& work) {
  if (count == 0) return;
  const auto pieces = std::make_shared<Pieces>(work, count);
  struct Helper {
    WorkerPool& pool;
    std::shared_ptr<Pieces> pieces;
    void operator()(std::size_t) const {
      if (pieces->run_one()) pool.try_post(*this);
    }
  };
  for (std::size_t helpers = std::min(count - 1, pool.size()); helpers > 0; --helpers)
    pool.try_post(Helper{pool, pieces});
  while (pieces->run_one()) {
  }
  for (std::size_t ended = pieces->ended; ended != count; ended = pieces->ended) pieces->ended.wait(ended);
}

}  // namespace millrace
