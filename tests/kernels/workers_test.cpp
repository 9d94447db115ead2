// Threads that run tasks, and what they tell the thread that posts.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>

#include "kernels/cpu/completion_queue.h"

namespace millrace {
namespace {

TEST(Workers, RunTasksFirstComeFirstServedAndUrgentOnesBefore) {
  std::latch busy(1);
  std::latch go_on(1);
  std::latch done(4);
  std::string order;
  Workers workers(1);  // last: its threads use the rest
  workers.post([&](std::size_t) {
    busy.count_down();
    go_on.wait();
  });
  busy.wait();
  for (const char name : {'1', '2', '3'})
    workers.post([&, name](std::size_t) {
      order += name;
      done.count_down();
    });
  workers.post_urgent([&](std::size_t) {
    order += 'u';
    done.count_down();
  });
  go_on.count_down();
  done.wait();
  EXPECT_EQ(order, "u123");
}

TEST(Workers, RunAsManyTasksAtATimeAsTheyAre) {
  std::latch together(4);
  std::atomic<unsigned> numbers = 0;
  Workers workers(3);
  EXPECT_EQ(workers.count(), 3U);
  for (int task = 0; task < 3; ++task)
    workers.post([&](std::size_t worker) {
      numbers |= 1U << worker;
      together.arrive_and_wait();
    });
  together.arrive_and_wait();
  EXPECT_EQ(numbers, 0b111U) << "each has a number of its own";
}

// The one that is idle can take one task only: the second needs a thread, or it would wait for the first.
TEST(Workers, TwoTasksAreNotLeftToOneIdleWorker) {
  for (int round = 0; round < 100; ++round) {
    std::latch idle_soon(1);
    std::latch both(3);
    Workers workers(2);
    workers.post([&](std::size_t) { idle_soon.count_down(); });
    idle_soon.wait();
    for (int i = 0; i < 50; ++i) std::this_thread::yield();
    for (int task = 0; task < 2; ++task) workers.post([&](std::size_t) { both.arrive_and_wait(); });
    both.arrive_and_wait();
  }
}

Done done_with(std::uint32_t buffer) {
  return {{buffer}, BudgetVector<Reject>(BudgetAllocator<Reject>(unlimited_budget()))};
}

std::string error_of(CompletionQueue& queue, Wait wait) {
  try {
    queue.pop(wait);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

TEST(CompletionQueue, GivesBatchesInTheirOrder) {
  CompletionQueue queue;
  EXPECT_FALSE(queue.pop(Wait::no));
  queue.push(done_with(7));
  queue.push(done_with(3));
  EXPECT_EQ(queue.pop(Wait::yes)->buffer, BufferId{7});
  EXPECT_EQ(queue.pop(Wait::no)->buffer, BufferId{3});
  EXPECT_FALSE(queue.pop(Wait::no));
}

// What comes later is often only what the first one led to.
TEST(CompletionQueue, TheFirstErrorStaysAndComesBeforeBatches) {
  CompletionQueue queue;
  queue.push(done_with(7));
  queue.fail(std::make_exception_ptr(std::runtime_error("first")));
  queue.fail(std::make_exception_ptr(std::runtime_error("second")));
  for (const Wait wait : {Wait::yes, Wait::no, Wait::yes}) EXPECT_EQ(error_of(queue, wait), "first");
  EXPECT_THROW(queue.throw_if_failed(), std::runtime_error);
}

}  // namespace
}  // namespace millrace
