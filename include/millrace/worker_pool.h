// The threads that do a job's parallel work.
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

/// What a worker does. It is told the worker's number, from 0 to below the pool's size, and must not throw.
using Task = std::function<void(std::size_t worker)>;

/// A fixed number of workers, lent to all parts of a job: together they keep about as many threads busy as the
/// job was given, as who asks for parallel work takes part in it. A worker's thread starts when there is a task
/// and no other worker is idle. Where the system refuses one, those that are there do its work.
class WorkerPool {
 public:
  explicit WorkerPool(std::size_t workers) : size_(workers == 0 ? 1 : workers) {}
  /// REQUIRES: all its task groups are gone.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Tasks that may run at one time.
  std::size_t size() const { return size_; }

 private:
  friend class TaskGroup;
  friend void in_parallel(WorkerPool& pool, std::size_t count,
                          const std::function<void(std::size_t piece)>& work);
  void post(Task task);
  void try_post(Task task);
  bool enqueue(Task& task);
  void start_a_thread_if_wanted();
  void work(std::size_t worker);

  const std::size_t size_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  std::size_t idle_ = 0;  ///< workers that wait for a task
  bool stopping_ = false;
  bool refused_ = false;  ///< the system gives no more threads
  std::vector<std::thread> threads_;
};

/// Tasks of one user of a pool; it ends before what they use does. One thread calls everything.
class TaskGroup {
 public:
  /// REQUIRES: the pool outlives the group.
  explicit TaskGroup(WorkerPool& pool) : pool_(pool) {}
  /// Waits for those that run, and until the turn of the others has come, which then do nothing.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Tasks of all groups run first come, first served; where the system gives no thread at all, here, as worker
  /// 0.
  void post(Task task);
  /// Waits until all have run. REQUIRES: the caller is no task.
  void wait();

 private:
  bool dropped();
  void end_one();

  WorkerPool& pool_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t left_ = 0;  ///< tasks that have not ended
  bool dropped_ = false;
};

/// Calls work(piece) for each piece below `count`, on this thread and on workers that are free, and returns
/// when all have ended; tasks may call it, too. `work` must not throw. Throws std::bad_alloc before anything
/// has begun.
void in_parallel(WorkerPool& pool, std::size_t count, const std::function<void(std::size_t piece)>& work);

}  // namespace millrace
