// As version_1_test.cpp does it for segments: a snapshot, and outputs in key frames.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/host/log/kept_files.h"
#include "tests/host/log/logged_job.h"

namespace millrace::version_1_snapshot_test {
namespace {

const std::filesystem::path kFiles = VERSION_1_SNAPSHOT;
const std::vector<LoggedOutput> kOutputs = {{"/data/results/", {1}, {}}, {"stdout:", {1}, {4}}};
constexpr std::int64_t kLarge = std::int64_t{1} << 62;

// Its sums have more than 64 bits when they are added.
EpochData sums(std::uint64_t number) {
  EpochData data = epoch(number);
  data.pane = {};
  data.closed = {};
  data.partials.clear();
  Columns columns(1, unlimited_budget());
  for (const std::string& word : {std::string("b"), std::string("a long key"), word_of(number, 0)}) {
    const Key key = make_key(word.data(), static_cast<std::uint32_t>(word.size()), kSeed);
    columns.append(key, is_packed(key) ? std::string_view() : word, 2, std::vector<Int128>{-kLarge});
  }
  data.partials.emplace_back(Pane{}, std::move(columns));
  return data;
}

FrameLogOptions options(Home& home) {
  FrameLogOptions options = home.options(100);
  options.columns = {{Combine::sum, 0}};
  return options;
}

void write_all(Home& home) {
  FrameLog log(options(home));
  log.list(kOutputs);
  log.start(readers());
  for (std::uint64_t number = 1; number <= 6; ++number) {
    log.append(sums(number));
    log.commit({number});
    while (log.work()) {
    }
  }
}

TEST(Version1Snapshot, IsWrittenAlike) {
  Home home;
  write_all(home);
  expect_as_kept(home.disk, "cp", kFiles);
}

TEST(Version1Snapshot, IsRead) {
  const Checkpoint checkpoint(real_disk(), kFiles);
  EXPECT_EQ(checkpoint.last(), EpochId{6});
  LoggedInputs inputs;
  StateRuns runs(false);
  const Recovered recovered = checkpoint.recover(inputs, runs);
  EXPECT_EQ(recovered.outputs, kOutputs);
  EXPECT_EQ(recovered.rejected, (RejectCounts{0, 0, 12, 0}));
  std::vector<EpochData> epochs;
  checkpoint.read({.inputs = &inputs, .budget = &unlimited_budget(), .value_columns = 1, .seed = kSeed},
                  [&](EpochData&& each, std::uint64_t) { epochs.push_back(std::move(each)); });
  ASSERT_GE(epochs.size(), 1U);
  EXPECT_GT(epochs[0].id, EpochId{1}) << "the first are in the snapshot";
  const Columns& columns = epochs[0].partials[0].second;
  char scratch[8];
  EXPECT_EQ(columns.text(0, scratch), "a long key");
  EXPECT_EQ(columns.text(1, scratch), "b");
  const auto in_it = static_cast<std::int64_t>(epochs[0].id.number);
  EXPECT_EQ(columns.counts[1], 2 * in_it);
  EXPECT_TRUE(columns.value(1, 0) == Int128{-kLarge} * in_it) << "in 128 bits";
  EXPECT_EQ(inputs.all().marks[0].next, 6);
}

}  // namespace
}  // namespace millrace::version_1_snapshot_test
