// Identities, order of reduction, and overflow of sums.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/reduce.h"

#include <gtest/gtest.h>

#include "tests/support/property.h"

namespace millrace::reduce_test {
namespace {

constexpr Combine kAll[] = {Combine::sum, Combine::min, Combine::max};

TEST(Reduce, IdentityChangesNothing) {
  for (const Combine combine : kAll)
    for (const std::int64_t value :
         {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, INT64_MAX}) {
      EXPECT_EQ(reduce(combine, identity(combine), value), value);
      EXPECT_EQ(reduce(combine, value, identity(combine)), value);
    }
}

TEST(Reduce, GivesSumSmallestAndLargest) {
  EXPECT_EQ(reduce(Combine::sum, -7, 5), -2);
  EXPECT_EQ(reduce(Combine::min, -7, 5), -7);
  EXPECT_EQ(reduce(Combine::min, 5, -7), -7);
  EXPECT_EQ(reduce(Combine::max, -7, 5), 5);
  EXPECT_EQ(reduce(Combine::max, 5, -7), 5);
}

TEST(Reduce, OverflowIsSeenExactlyWhenTheSumLeaves64Bits) {
  check_property(2000, [] {
    const auto value = rc::gen::oneOf(
        rc::gen::arbitrary<std::int64_t>(), rc::gen::element(INT64_MIN, INT64_MAX),
        rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t v) { return INT64_MAX - (v & 3); }),
        rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t v) { return INT64_MIN + (v & 3); }));
    const std::int64_t a = *value;
    const std::int64_t b = *value;
    const __int128 sum = static_cast<__int128>(a) + b;
    const bool overflows = sum > INT64_MAX || sum < INT64_MIN;
    RC_ASSERT(sum_overflows(a, b) == overflows);
    if (!overflows) RC_ASSERT(reduce(Combine::sum, a, b) == static_cast<std::int64_t>(sum));
  });
}

}  // namespace
}  // namespace millrace::reduce_test
