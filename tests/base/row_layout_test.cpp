// The names of columns.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/sink.h>

namespace millrace::row_layout_test {
namespace {

using ::testing::ElementsAre;

TEST(RowLayout, SeveralValueColumnsAreNumberedAsTheUserNumbersThem) {
  Plan plan;
  plan.keyed_by = KeyedBy::fields;
  plan.measures = {{Reduction::count}, {Reduction::sum, 0}, {Reduction::mean, 1}};
  plan.fields.values = {4, 7};
  plan.fields.scale = 2;
  EXPECT_THAT(row_layout(plan).names, ElementsAre("count", "sum_4", "mean_7"));
  EXPECT_EQ(row_layout(plan).scale, 2U);
  plan.keyed_by = KeyedBy::rows;
  plan.row_values = 2;
  EXPECT_THAT(row_layout(plan).names, ElementsAre("count", "sum_0", "mean_1"));
  EXPECT_EQ(row_layout(plan).scale, 0U) << "rows have whole numbers";
}

TEST(RowLayout, TheOnlyOneHasNoNumber) {
  Plan plan;
  plan.keyed_by = KeyedBy::fields;
  plan.fields.values = {4};
  plan.measures = {{Reduction::min, 0}, {Reduction::max, 0}};
  EXPECT_THAT(row_layout(plan).names, ElementsAre("min", "max"));
  EXPECT_FALSE(row_layout(plan).windowed);
  plan.every = std::chrono::seconds(1);
  EXPECT_TRUE(row_layout(plan).windowed);
}

}  // namespace
}  // namespace millrace::row_layout_test
