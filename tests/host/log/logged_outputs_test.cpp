// What a log knows of outputs: all of them, in each key frame.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/logged_outputs.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/log/encoding.h"
#include "tests/host/log/logged_job.h"

namespace millrace::logged_outputs_test {
namespace {

using ::testing::IsEmpty;

const std::vector<LoggedOutput> kOutputs{
    {"/data/out/", {1}, {}}, {"stdout:", {300}, {}}, {"/data/old/", {2}, {700}}};

std::vector<LoggedOutput> read(std::string_view chunk) {
  std::vector<LoggedOutput> outputs;
  read_outputs(chunk, outputs);
  return outputs;
}

TEST(LoggedOutputs, ComeBackFromTheirSection) {
  std::vector<LoggedOutput> outputs = kOutputs;
  for (int i = 0; i < 5; ++i) outputs.push_back({std::string(400'000, 'x'), {1}, {}});  // in several chunks
  testing::FakeDisk disk;
  const auto file = disk.create("f", {});
  FrameWriter frame(*file, 0, {.key = true});
  write_outputs(frame, outputs);
  write_outputs(frame, {});
  frame.finish();
  const auto reader = disk.open("f");
  FrameReader frames(*reader, 0, 0);
  frames.next();
  ASSERT_EQ(frames.next_section(), Section::outputs);
  std::vector<LoggedOutput> again;
  while (const auto chunk = frames.next_chunk()) read_outputs(*chunk, again);
  EXPECT_TRUE(again == outputs);
  EXPECT_EQ(frames.next_section(), Section::end) << "where there are none is no section";
}

TEST(LoggedOutputs, WhatCannotBeIsDamage) {
  std::string chunk;
  put_text(chunk, "out");
  put_varint(chunk, 7);
  EXPECT_THROW(read(chunk), CorruptError);
  EXPECT_EQ(read(chunk + '\0').size(), 1U);
  EXPECT_EQ(read(chunk + '\x08').size(), 1U);
  EXPECT_THROW(read(chunk + '\x07'), CorruptError);
}

// Each run begins with its own list, which is on the disk before the run shows anything.
TEST(LoggedOutputs, AreThoseOfTheLastKeyFrame) {
  for (const std::uint64_t segment_bytes : {1U << 20, 1U}) {
    Home home;
    {
      FrameLog log(home.options(segment_bytes));
      log.list(kOutputs);
      log.start(readers());
      for (std::uint64_t number = 1; number <= 3; ++number) {
        log.append(epoch(number));
        log.commit({number});
      }
    }
    {
      FrameLog log(home.options(segment_bytes));
      EXPECT_EQ(log.recovered().outputs, kOutputs);
      log.list({kOutputs[1]});
      log.start(readers(3));
      log.append(epoch(4));
    }
    {
      FrameLog log(home.options(segment_bytes));
      EXPECT_EQ(log.recovered().outputs, std::vector{kOutputs[1]});
      log.list({kOutputs[2]});
      log.start(readers(4));  // the undecided epoch is written anew, and will be shown
    }
    {
      FrameLog log(home.options(segment_bytes));
      EXPECT_EQ(log.recovered().outputs, std::vector{kOutputs[2]});
      log.start(readers(4));
    }
    EXPECT_THAT(FrameLog(home.options()).recovered().outputs, IsEmpty()) << "a key frame without tells of none";
  }
}

TEST(LoggedOutputs, AreKnownWhereASnapshotHasTheEpochs) {
  Home home;
  {
    FrameLog log(home.options(300));
    log.list(kOutputs);
    log.start(readers());
    for (std::uint64_t number = 1; number <= 60; ++number) {
      log.append(epoch(number));
      log.commit({number});
      while (log.work()) {
      }
    }
  }
  const FrameLog log(home.options(300));
  ASSERT_TRUE(Checkpoint(home.disk, "cp").snapshot());
  EXPECT_EQ(log.recovered().outputs, kOutputs);
}

// The last epoch with rows that all outputs of its run have.
TEST(LoggedOutputs, AreMeasuredByWhatWasShown) {
  for (const bool committed : {true, false}) {
    Home home;
    FrameLogOptions options = home.options();
    options.windowed = true;
    std::uint64_t frame = 0;
    {
      FrameLog log(options);
      log.start(readers());
      log.append(epoch(1));
      log.commit({1});
      frame = log.append(epoch(2));
      log.commit({2});
      EpochData nothing = epoch(3);
      nothing.closed = {};
      log.append(nothing);
      log.commit({3});
      log.append(epoch(4));
      if (committed) log.commit({4});
    }
    const Shown shown = FrameLog(options).recovered().shown;
    EXPECT_EQ(shown.id, EpochId{committed ? 2U + 2U : 2U});
    if (!committed) {
      EXPECT_EQ(shown.frame, frame);
    }
  }
}

}  // namespace
}  // namespace millrace::logged_outputs_test
