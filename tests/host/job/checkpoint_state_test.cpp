// What a checkpoint is said to hold, epoch by epoch.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/checkpoint_state.h"

#include <gtest/gtest.h>

#include "tests/host/log/logged_job.h"

namespace millrace::checkpoint_state_test {
namespace {

using namespace std::chrono_literals;
using Rows = std::map<Pane, std::uint64_t>;

/// A log of two epochs, the second not committed yet. Each closes the pane before its own.
class CheckpointStateOf : public ::testing::Test {
 protected:
  void write(const std::string& every) {
    FrameLogOptions options = home_.options();
    options.job += "every: " + every + '\n';
    log_.emplace(options);
    log_->start(readers());
    EpochData first = epoch(1);
    first.rejected[0] = 3;
    log_->append(first);
    log_->commit({1});
    EpochData second = epoch(2, true);
    second.rejected[1] = 4;
    log_->append(second);
  }
  CheckpointState read() { return read_checkpoint_state(home_.disk, "cp").value(); }

  Home home_;
  std::optional<FrameLog> log_;
};

TEST_F(CheckpointStateOf, AWindowIsHeldUntilItWasShown) {
  write("1s");
  CheckpointState state = read();
  EXPECT_EQ(state.birth, 42U);
  EXPECT_EQ(state.every, 1s);
  EXPECT_EQ(state.last.id, EpochId{2});
  EXPECT_EQ(state.last.stamp, 1002);
  EXPECT_TRUE(state.last.last);
  EXPECT_FALSE(state.committed);
  EXPECT_EQ(state.rows, (Rows{{{1}, 2}, {{2}, 2}}));
  EXPECT_EQ(state.rejected, 7U + 4) << "every epoch has two of its own";
  EXPECT_EQ(state.inputs.marks.at(0).next, 2);
  EXPECT_EQ(state.inputs.partitions.at(0).name, "input");
  log_->commit({2});
  state = read();
  EXPECT_TRUE(state.committed);
  EXPECT_EQ(state.rows, (Rows{{{2}, 2}}));
}

TEST_F(CheckpointStateOf, TheResultOfAWholeStreamIsHeld) {
  write("0");
  log_->commit({2});
  EXPECT_EQ(read().rows, (Rows{{{1}, 2}, {{2}, 2}}));
}

TEST_F(CheckpointStateOf, WhatIsBehindTheLastFrameIsTold) {
  write("1s");
  EXPECT_EQ(read().unfinished_bytes, 0U);
  const std::string whole = *home_.disk.contents("cp/" + segment_name(1));
  EXPECT_EQ(read().bytes, whole.size());
  const std::string cut = whole.substr(0, whole.size() - 1);
  home_.disk.create("cp/" + segment_name(1), {})->write(std::as_bytes(std::span(cut)));
  const CheckpointState state = read();
  EXPECT_EQ(state.last.id, EpochId{1});
  EXPECT_TRUE(state.committed);
  EXPECT_GT(state.unfinished_bytes, 0U);
  EXPECT_EQ(state.bytes, cut.size());
}

TEST(CheckpointState, OfADirectoryWithoutOneIsNothing) {
  testing::FakeDisk disk;
  EXPECT_FALSE(read_checkpoint_state(disk, "cp"));
}

}  // namespace
}  // namespace millrace::checkpoint_state_test
