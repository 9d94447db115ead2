// Books of partitions: each change is told once.
// SPDX-License-Identifier: Apache-2.0
#include "io/partitions.h"

#include <gmock/gmock.h>

#include <stdexcept>

namespace millrace::testing::partitions_test {
namespace {

using ::testing::IsEmpty;

Marks news_of(io::Partitions& partitions) {
  Marks changed;
  partitions.marks(changed);
  return changed;
}

/// [4, 10), nothing at 7, [0, 5).
io::Partitions three() {
  io::Partitions partitions;
  partitions.add({.name = "a", .end = 10}, 4);
  partitions.add({.name = "b", .end = 7}, 7);
  partitions.add({.name = "c", .end = 5}, 0);
  return partitions;
}

TEST(Partitions, AllAreToldFirstAndThenThoseThatWereReadSince) {
  io::Partitions partitions = three();
  partitions.read_to(6);
  EXPECT_EQ(news_of(partitions), (Marks{{0, 6}, {1, 7, true}, {2, 0}}));
  EXPECT_THAT(news_of(partitions), IsEmpty());
  partitions.read_to(10);
  partitions.pass();
  EXPECT_TRUE(partitions.done()) << "it is empty";
  partitions.pass();
  partitions.read_to(3);
  EXPECT_EQ(news_of(partitions), (Marks{{0, 10, true}, {2, 3}}));
  partitions.read_to(5);
  partitions.pass();
  EXPECT_TRUE(partitions.at_end());
  EXPECT_EQ(news_of(partitions), (Marks{{2, 5, true}}));
  EXPECT_THAT(news_of(partitions), IsEmpty());
}

// The last record of a range may end behind it.
TEST(Partitions, OneIsDoneAtItsEndAndBehindIt) {
  io::Partitions partitions = three();
  for (const std::uint64_t next : {9U, 10U, 12U}) {
    partitions.read_to(next);
    EXPECT_EQ(partitions.next(), next);
    EXPECT_EQ(partitions.done(), next >= 10);
  }
}

TEST(Partitions, OneMayEndBeforeItsEndOrBePassedWithoutBeingDone) {
  io::Partitions partitions = three();
  partitions.read_to(6);
  partitions.finish();
  EXPECT_TRUE(partitions.done());
  partitions.pass();
  partitions.pass();
  EXPECT_EQ(partitions.current(), 2U);
  partitions.read_to(2);
  partitions.pass();
  EXPECT_EQ(news_of(partitions), (Marks{{0, 6, true}, {1, 7, true}, {2, 2}}));
}

TEST(Partitions, ThatOneIsDoneIsNews) {
  io::Partitions partitions("alone");
  EXPECT_EQ(partitions.name(), "alone");
  partitions.read_to(1'000'000);
  EXPECT_EQ(news_of(partitions), (Marks{{0, 1'000'000}})) << "it has no end";
  partitions.finish();
  EXPECT_EQ(news_of(partitions), (Marks{{0, 1'000'000, true}}));
  partitions.finish();
  EXPECT_THAT(news_of(partitions), IsEmpty());
}

TEST(Partitions, WhoeverSendsThemBackKnowsWhereTheyStand) {
  io::Partitions partitions = three();
  news_of(partitions);
  partitions.read_to(8);
  partitions.finish();
  partitions.pass();
  partitions.seek(Marks{{2, 3}});
  EXPECT_THAT(news_of(partitions), IsEmpty());
  EXPECT_EQ(partitions.current(), 0U);
  EXPECT_EQ(partitions.next(), 4U) << "it was not named";
  EXPECT_FALSE(partitions.done());
  partitions.read_to(8);
  EXPECT_EQ(news_of(partitions), (Marks{{0, 8}}));
  partitions.pass();
  partitions.pass();
  EXPECT_EQ(partitions.next(), 3U);
  EXPECT_THAT(news_of(partitions), IsEmpty());
}

TEST(Partitions, SentBackBeforeAnythingWasToldAllIsNews) {
  io::Partitions partitions = three();
  partitions.seek(Marks{{0, 8}});
  EXPECT_EQ(news_of(partitions), (Marks{{0, 8}, {1, 7, true}, {2, 0}}));
}

TEST(Partitions, TheListStaysAsItIs) {
  io::Partitions partitions = three();
  partitions.read_to(8);
  partitions.pass();
  ASSERT_EQ(partitions.list().size(), 3U);
  EXPECT_EQ(partitions.list()[0], (Partition{.name = "a", .end = 10}));
  EXPECT_EQ(partitions.begin(0), 4);
  EXPECT_THROW(partitions.begin(3), std::out_of_range);
}

}  // namespace
}  // namespace millrace::testing::partitions_test
