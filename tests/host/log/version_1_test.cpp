// The files of version 1, as they were written when it was new: they are read, and written alike.
// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/testing/fake_disk.h>

#include "host/log/frame_log.h"
#include "tests/host/log/kept_files.h"

namespace millrace::version_1_test {
namespace {

const HashSeed kSeed = hash_seed(1, 63);
const std::filesystem::path kFiles = VERSION_1;

FrameLogOptions options(Disk& disk, WorkerPool& workers) {
  return {.directory = "version_1",
          .disk = disk,
          .job = "records: lines\nkey: 1\nmeasure: sum(2), max(3)\n",
          .birth = 0x0123'4567'89ab'cdef,
          .columns = {{Combine::sum, 0}, {Combine::sum, 1}},
          .seed = kSeed,
          .budget = unlimited_budget(),
          .workers = workers,
          .segment_bytes = 250};
}

using Row = std::pair<std::string, std::vector<std::int64_t>>;  // key, then count and values

EpochData epoch(std::uint64_t number, const std::map<std::int64_t, std::vector<Row>>& panes) {
  EpochData epoch;
  epoch.id = {number};
  epoch.stamp = 1'700'000'000'000'000 + static_cast<std::int64_t>(number);
  for (const auto& [pane, rows] : panes) {
    Columns columns(2, unlimited_budget());
    for (const auto& [text, numbers] : rows) {
      const Key key = make_key(text.data(), static_cast<std::uint32_t>(text.size()), kSeed);
      columns.append(key, is_packed(key) ? std::string_view() : text, numbers[0],
                     std::vector<Int128>(numbers.begin() + 1, numbers.end()));
    }
    epoch.partials.emplace_back(Pane{pane}, std::move(columns));
  }
  return epoch;
}

EpochData first() {
  EpochData first =
      epoch(1, {{7, {{"b", {2, -5, 9}}, {"a long key", {1, 1, 1}}, {"a longer key", {3, 300, -300}}}},
                {8, {{"", {1, 0, 0}}}}});
  first.pane = {8};
  first.closed = {{7}};
  first.rejected = {1, 0, 2, 0};
  first.marks = {{{.partition = 0, .next = 60, .done = false}}, {{.partition = 0, .next = 200, .done = true}}};
  return first;
}

EpochData second() {
  EpochData second = epoch(2, {{8, {{"b", {1, 1LL << 40, -(1LL << 40)}}, {std::string(200, 'k'), {1, 2, 3}}}}});
  second.pane = {8};
  second.marks = {{{.partition = 0, .next = 90, .done = false}}, {}};
  return second;
}

EpochData third() {
  EpochData third = epoch(3, {});
  third.pane = {9};
  third.closed = {{8}};
  third.partial = third.last = true;
  return third;
}

// Three runs: the second ends where the third epoch is undecided, and the third has written that anew.
void write_all(Disk& disk) {
  WorkerPool workers(1);
  const Partition file{.name = "/data/a.csv",
                       .identity = {.device = 5, .inode = 77},
                       .beginning = {.checksum = 0xfedc'ba98'7654'3210, .length = 200},
                       .end = 100};
  Partition rest = file;
  rest.end = 200;
  rest.aligned = false;
  {
    FrameLog log(options(disk, workers));
    log.start({{{file}, {{.partition = 0, .next = 0, .done = false}}},
               {{rest}, {{.partition = 0, .next = 100, .done = false}}}});
    log.append(first());
    log.commit({1});
    log.append(second());
    log.commit({2});
  }
  {
    FrameLog log(options(disk, workers));
    log.start({{{file}, {{.partition = 0, .next = 90, .done = false}}}});
    log.append(third());
  }
  FrameLog(options(disk, workers)).start({{{file}, {{.partition = 0, .next = 90, .done = false}}}});
}

TEST(Version1, IsWrittenAlike) {
  testing::FakeDisk disk;
  write_all(disk);
  expect_as_kept(disk, "version_1", kFiles);
}

TEST(Version1, IsRead) {
  const Checkpoint checkpoint(real_disk(), kFiles);
  EXPECT_EQ(checkpoint.birth(), 0x0123'4567'89ab'cdefU);
  EXPECT_EQ(checkpoint.job(), "records: lines\nkey: 1\nmeasure: sum(2), max(3)\n");
  EXPECT_EQ(checkpoint.last(), EpochId{3});
  EXPECT_FALSE(checkpoint.committed());
  LoggedInputs inputs;
  std::vector<EpochData> epochs;
  checkpoint.read({.inputs = &inputs, .budget = &unlimited_budget(), .value_columns = 2, .seed = kSeed},
                  [&](EpochData&& epoch, std::uint64_t) { epochs.push_back(std::move(epoch)); });
  ASSERT_EQ(epochs.size(), 3U);
  EXPECT_EQ(epochs[0].stamp, first().stamp);
  EXPECT_EQ(epochs[0].pane, Pane{8});
  EXPECT_EQ(epochs[0].closed, std::vector<Pane>{{7}});
  EXPECT_EQ(epochs[0].rejected, first().rejected);
  ASSERT_EQ(epochs[0].partials.size(), 2U);
  const Columns& columns = epochs[0].partials[0].second;
  ASSERT_EQ(columns.size(), 3U);
  char scratch[8];
  EXPECT_EQ(columns.text(0, scratch), "a long key");
  EXPECT_EQ(columns.text(1, scratch), "a longer key");
  EXPECT_EQ(columns.text(2, scratch), "b");
  EXPECT_EQ(columns.counts[1], 3);
  EXPECT_EQ(columns.values[0][1], 300);
  EXPECT_EQ(columns.values[1][1], -300);
  EXPECT_EQ(epochs[1].partials[0].second.values[0][0], 1LL << 40);
  EXPECT_EQ(epochs[1].partials[0].second.text(1, scratch), std::string(200, 'k'));
  EXPECT_TRUE(epochs[2].last);
  EXPECT_TRUE(epochs[2].partial);
  StateRuns runs(true);
  EXPECT_TRUE(checkpoint.recover(inputs, runs).outputs.empty()) << "nothing is known of them";
  const Resume all = inputs.all();
  ASSERT_EQ(all.marks.size(), 1U);
  EXPECT_EQ(all.partitions[0].name, "/data/a.csv");
  EXPECT_EQ(all.partitions[0].identity, (Identity{5, 77}));
  EXPECT_EQ(all.partitions[0].beginning, (Beginning{0xfedc'ba98'7654'3210, 200}));
  EXPECT_EQ(all.marks[0].next, 90);
}

}  // namespace
}  // namespace millrace::version_1_test
