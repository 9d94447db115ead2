// The buffer of unfinished records: any bytes in and out, and every byte of memory accounted for.
// SPDX-License-Identifier: Apache-2.0
#include "io/record_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

namespace millrace::io::record_buffer_test {
namespace {

constexpr std::size_t kMib = std::size_t{1} << 20;

std::string text_of(RecordBuffer& buffer) {
  const std::span<std::byte> bytes = buffer.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void append(RecordBuffer& buffer, const std::string& text) {
  buffer.append(std::as_bytes(std::span(text)));
}

TEST(RecordBuffer, IsAQueueOfBytes) {
  for (unsigned seed = 0; seed < 50 / MILLRACE_ONE_CASE_IN; ++seed) {
    std::mt19937 random(seed);
    MemoryBudget budget(64 * kMib);
    {
      RecordBuffer buffer(budget);
      std::string expected;
      for (int step = 0; step < 60; ++step) {
        const std::size_t count = random() % (random() % 20 == 0 ? 3 * kMib : 9000);
        const std::size_t held = std::min(count, expected.size());
        switch (random() % 5) {
          case 0:
            buffer.drop_front(held);
            expected.erase(0, held);
            break;
          case 1:
            buffer.drop_back(held);
            expected.resize(expected.size() - held);
            break;
          case 2: {
            const std::span<std::byte> room = buffer.room(count);
            ASSERT_GE(room.size(), count);
            std::ranges::fill(room.first(count), std::byte{'r'});
            buffer.added(count);
            expected.append(count, 'r');
            break;
          }
          default: {
            const std::string more(count, static_cast<char>('a' + step % 26));
            append(buffer, more);
            expected += more;
          }
        }
        ASSERT_EQ(buffer.size(), expected.size());
        ASSERT_TRUE(text_of(buffer) == expected) << "seed " << seed;
        ASSERT_GE(budget.used(), expected.size());
      }
    }
    EXPECT_EQ(budget.used(), 0U);
  }
}

TEST(RecordBuffer, GivesBackWhatALongRecordTook) {
  MemoryBudget budget(64 * kMib);
  RecordBuffer buffer(budget);
  append(buffer, std::string(20 * kMib, 'x'));
  buffer.drop_front(20 * kMib);
  EXPECT_EQ(budget.used(), 0U);
  append(buffer, std::string(20 * kMib, 'x') + "tail");
  buffer.drop_front(20 * kMib);
  append(buffer, "s");
  EXPECT_EQ(text_of(buffer), "tails");
  EXPECT_LE(budget.used(), kMib);
  append(buffer, std::string(20 * kMib, 'x'));
  buffer.drop_back(20 * kMib + 5);
  EXPECT_EQ(budget.used(), 0U);
}

TEST(RecordBuffer, AFullBudgetLeavesItAsItWas) {
  MemoryBudget budget(8 * kMib);
  RecordBuffer buffer(budget);
  append(buffer, "begun");
  EXPECT_THROW(append(buffer, std::string(9 * kMib, 'x')), BudgetError);
  EXPECT_EQ(text_of(buffer), "begun");
  append(buffer, std::string(5 * kMib, 'x'));
  EXPECT_THROW(append(buffer, std::string(5 * kMib, 'x')), BudgetError);
  EXPECT_EQ(buffer.size(), 5 * kMib + 5);
  EXPECT_LE(budget.peak(), 8 * kMib);
}

}  // namespace
}  // namespace millrace::io::record_buffer_test
