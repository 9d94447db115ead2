// Marks that come by their changes.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/marks.h"

#include <gtest/gtest.h>

namespace millrace::marks_test {
namespace {

TEST(Marks, TheLatestOfAPartitionStays) {
  Marks marks{{0, 5}, {2, 7}};
  merge_marks(marks, {{2, 9, true}, {1, 3}});
  EXPECT_EQ(marks, (Marks{{0, 5}, {1, 3}, {2, 9, true}}));
  merge_marks(marks, {{0, 4}});
  EXPECT_EQ(marks, (Marks{{0, 4}, {1, 3}, {2, 9, true}})) << "the latest, not the furthest: readers go back";
  merge_marks(marks, {{1, 6}, {1, 8}});
  EXPECT_EQ(marks, (Marks{{0, 4}, {1, 8}, {2, 9, true}}));
}

TEST(Marks, NoNewsChangeNothing) {
  Marks marks{{3, 1}};
  merge_marks(marks, {});
  EXPECT_EQ(marks, (Marks{{3, 1}}));
}

TEST(Marks, EachReaderHasItsOwn) {
  std::vector<Marks> marks;
  merge_marks(marks, {{{0, 1}}, {}});
  EXPECT_EQ(marks, (std::vector<Marks>{{{0, 1}}, {}}));
  merge_marks(marks, {{{0, 2}}, {{0, 7}}});
  EXPECT_EQ(marks, (std::vector<Marks>{{{0, 2}}, {{0, 7}}}));
  merge_marks(marks, std::vector<Marks>{});
  EXPECT_EQ(marks.size(), 2U) << "nothing new of anybody";
}

}  // namespace
}  // namespace millrace::marks_test
