// From a place in a batch back to the input.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/origins.h"

#include <gtest/gtest.h>

namespace millrace::origins_test {
namespace {

TEST(Origins, APlaceIsInTheRunThatBeganBeforeIt) {
  const std::vector<OriginRun> runs{{10, 0, 100}, {20, 4, 7}};
  EXPECT_FALSE(origin_at(runs, 9));
  EXPECT_EQ(origin_at(runs, 10), (OriginRun{10, 0, 100}));
  EXPECT_EQ(origin_at(runs, 19), (OriginRun{19, 0, 109}));
  EXPECT_EQ(origin_at(runs, 20), (OriginRun{20, 4, 7}));
  EXPECT_EQ(origin_at(runs, 25), (OriginRun{25, 4, 12}));
  EXPECT_FALSE(origin_at({}, 0));
}

FilledBatch batch_of(std::initializer_list<OriginRun> origins, std::initializer_list<std::uint32_t> ends) {
  FilledBatch batch(unlimited_budget());
  batch.origins.assign(origins);
  batch.ends.assign(ends);
  return batch;
}

TEST(Origins, ARecordOfAStreamIsFoundByItsBytes) {
  EXPECT_EQ(origin_of(batch_of({{0, 1, 500}}, {}), {7, 3}), (OriginRun{7, 1, 507}));
}

TEST(Origins, ARecordWithAnEndIsFoundByItsNumber) {
  const FilledBatch batch = batch_of({{0, 1, 500}, {3, 2, 8}}, {4, 4, 9, 9, 12});
  EXPECT_EQ(origin_of(batch, {0, 4}), (OriginRun{0, 1, 500}));
  EXPECT_EQ(origin_of(batch, {4, 0}), (OriginRun{1, 1, 501})) << "the empty one";
  EXPECT_EQ(origin_of(batch, {4, 5}), (OriginRun{2, 1, 502}));
  EXPECT_EQ(origin_of(batch, {9, 0}), (OriginRun{3, 2, 8}));
  EXPECT_EQ(origin_of(batch, {9, 3}), (OriginRun{4, 2, 9}));
}

TEST(Origins, OfEmptyRecordsAtTheFrontItIsTheFirst) {
  EXPECT_EQ(origin_of(batch_of({{0, 0, 30}}, {0, 0, 2}), {0, 0}), (OriginRun{0, 0, 30}));
  EXPECT_EQ(origin_of(batch_of({{0, 0, 30}}, {0, 0, 2}), {0, 2}), (OriginRun{2, 0, 32}));
}

TEST(Origins, PartitionsAreToldAsTheyCome) {
  PartitionTable table(2);
  const std::vector<Partition> partitions{{.name = "a"}, {.name = "b"}};
  table.tell(1, std::span(partitions).first(1));
  table.tell(1, partitions);
  EXPECT_EQ(table.name(1, 0), "a");
  EXPECT_EQ(table.name(1, 1), "b");
}

}  // namespace
}  // namespace millrace::origins_test
