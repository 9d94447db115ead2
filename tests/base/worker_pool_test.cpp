// Workers, and the groups of tasks that they run.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/worker_pool.h>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace millrace::worker_pool_test {
namespace {

TEST(WorkerPool, RunsTasksFirstComeFirstServed) {
  std::latch go_on(1);
  std::string order;
  WorkerPool pool(1);
  TaskGroup one(pool);
  TaskGroup other(pool);
  one.post([&](std::size_t) { go_on.wait(); });
  for (const char name : {'1', '2', '3', '4'})
    (name % 2 == 0 ? one : other).post([&, name](std::size_t) { order += name; });
  go_on.count_down();
  one.wait();
  EXPECT_EQ(order, "1234");
}

TEST(WorkerPool, RunsAsManyTasksAtATimeAsItHasWorkers) {
  std::latch together(4);
  std::atomic<unsigned> numbers = 0;
  WorkerPool pool(3);
  EXPECT_EQ(pool.size(), 3U);
  EXPECT_EQ(WorkerPool(0).size(), 1U);
  TaskGroup tasks(pool);
  for (int task = 0; task < 3; ++task)
    tasks.post([&](std::size_t worker) {
      numbers |= 1U << worker;
      together.arrive_and_wait();
    });
  together.arrive_and_wait();
  EXPECT_EQ(numbers, 0b111U) << "each has a number of its own";
}

// The one that is idle can take one task only: the second needs a thread, or it would wait for the first.
TEST(WorkerPool, TwoTasksAreNotLeftToOneIdleWorker) {
  for (int round = 0; round < 100; ++round) {
    std::latch both(3);
    WorkerPool pool(2);
    TaskGroup tasks(pool);
    tasks.post([](std::size_t) {});
    tasks.wait();
    for (int i = 0; i < 50; ++i) std::this_thread::yield();
    for (int task = 0; task < 2; ++task) tasks.post([&](std::size_t) { both.arrive_and_wait(); });
    both.arrive_and_wait();
  }
}

TEST(TaskGroup, WaitsForItsOwnTasksOnly) {
  std::latch go_on(1);
  WorkerPool pool(2);
  TaskGroup long_one(pool);
  long_one.post([&](std::size_t) { go_on.wait(); });
  std::atomic<int> ran = 0;
  TaskGroup tasks(pool);
  for (int task = 0; task < 100; ++task) tasks.post([&](std::size_t) { ++ran; });
  tasks.wait();
  EXPECT_EQ(ran, 100);
  go_on.count_down();
}

TEST(TaskGroup, EndsBeforeWhatItsTasksUse) {
  constexpr int kLate = 1000;
  std::latch begun(1);
  std::latch go_on(1);
  WorkerPool pool(1);
  bool ended = false;
  int late = 0;
  std::thread opener;
  {
    TaskGroup tasks(pool);
    tasks.post([&](std::size_t) {
      begun.count_down();
      go_on.wait();
      ended = true;
    });
    for (int task = 0; task < kLate; ++task)
      tasks.post([&](std::size_t) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ++late;
      });
    begun.wait();
    opener = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      go_on.count_down();
    });
  }
  EXPECT_TRUE(ended) << "it was running";
  EXPECT_LT(late, kLate) << "most had not begun";
  opener.join();
}

/// Takes its time to go.
struct Slow {
  std::atomic<bool>& gone;
  ~Slow() {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    gone = true;
  }
};

// What a task holds may belong to whoever waits for it.
TEST(TaskGroup, ATaskIsGoneWhenItHasEnded) {
  std::atomic<bool> gone = false;
  auto held = std::make_shared<Slow>(gone);
  WorkerPool pool(1);
  TaskGroup tasks(pool);
  tasks.post([held = std::move(held)](std::size_t) {});
  tasks.wait();
  EXPECT_TRUE(gone);
}

TEST(InParallel, RunsEachPieceOnce) {
  WorkerPool pool(3);
  for (const std::size_t pieces : {0U, 1U, 2U, 4U, 50U}) {
    std::vector<std::atomic<int>> ran(pieces);
    in_parallel(pool, pieces, [&](std::size_t piece) { ++ran[piece]; });
    for (const auto& times : ran) EXPECT_EQ(times, 1);
  }
}

TEST(InParallel, WorkersTakePart) {
  std::latch together(3);
  WorkerPool pool(2);
  in_parallel(pool, 3, [&](std::size_t) { together.arrive_and_wait(); });
}

// Who is busy may be so for long: with another epoch, or for ever.
TEST(InParallel, WaitsForNoWorkerThatIsBusy) {
  std::latch go_on(1);
  WorkerPool pool(1);
  TaskGroup others(pool);
  others.post([&](std::size_t) { go_on.wait(); });
  int ran = 0;
  in_parallel(pool, 5, [&](std::size_t) { ++ran; });
  EXPECT_EQ(ran, 5);
  go_on.count_down();
}

// A sort of rows whose keys have long beginnings in common sorts parts of them in parallel, in parallel.
TEST(InParallel, TasksMayAskForParallelWork) {
  WorkerPool pool(2);
  std::atomic<int> ran = 0;
  for (int round = 0; round < 100; ++round)
    in_parallel(pool, 3, [&](std::size_t) {
      in_parallel(pool, 3, [&](std::size_t) { in_parallel(pool, 3, [&](std::size_t) { ++ran; }); });
    });
  EXPECT_EQ(ran, 100 * 27);
}

// The committer's thread sorts while the engine's counts.
TEST(InParallel, AnyNumberOfThreadsMayUseAPool) {
  WorkerPool pool(2);
  std::atomic<int> ran = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
      threads.emplace_back([&] {
        for (int round = 0; round < 200; ++round) in_parallel(pool, 3, [&](std::size_t) { ++ran; });
      });
  }
  EXPECT_EQ(ran, 4 * 200 * 3);
}

}  // namespace
}  // namespace millrace::worker_pool_test
