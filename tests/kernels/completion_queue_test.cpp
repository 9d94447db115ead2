// What workers tell the engine thread.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/completion_queue.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>

namespace millrace::completion_queue_test {
namespace {

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
}  // namespace millrace::completion_queue_test
