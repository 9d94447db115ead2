// What the log refuses: other processes, other jobs, and what is damaged or of a later version.
// SPDX-License-Identifier: Apache-2.0
#include <span>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/log/encoding.h"
#include "tests/host/log/logged_job.h"

namespace millrace::refused_log_test {
namespace {

using ::testing::HasSubstr;

std::string refusal(const FrameLogOptions& options, int exit_code) {
  try {
    const FrameLog log(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), exit_code);
    return error.what();
  }
  return "not refused";
}

TEST(FrameLog, ASecondProcessIsRefused) {
  Home home;
  const FrameLog log(home.options());
  EXPECT_THAT(refusal(home.options(), 77), HasSubstr("another process uses the checkpoint cp"));
}

TEST(FrameLog, ADiskWithoutLocksIsRefused) {
  Home home;
  home.disk.forget_locks();
  EXPECT_THAT(refusal(home.options(), 77), HasSubstr("knows no locks"));
}

TEST(FrameLog, AJobThatCountsSomethingElseIsRefusedWithWhatDiffers) {
  Home home;
  FrameLog(home.options()).start(readers());
  FrameLogOptions options = home.options();
  options.job = "keyed by: fields\nmeasures: count\n";
  EXPECT_THAT(refusal(options, 77),
              HasSubstr("the checkpoint cp is of a job with another meaning of keyed by: go on as it began"));
  options.job = "name: other\nkeyed by: words\nmeasures: sum\n";
  EXPECT_THAT(refusal(options, 77), HasSubstr("another meaning of measures, name:"));
}

TEST(FrameLog, WhatIsDamagedIsRefusedByItsName) {
  Home home;
  {
    FrameLog log(home.options(1));
    log.start(readers());
    log.append(epoch(1));
    log.append(epoch(2));
  }
  home.disk.remove("cp/" + segment_name(2));
  EXPECT_THAT(
      refusal(home.options(), 74),
      HasSubstr("the checkpoint is damaged: cp/seg-000000000003.log: it does not follow the one before"));
  home.disk.remove("cp/" + segment_name(1));
  EXPECT_THAT(refusal(home.options(), 74), HasSubstr("what comes before it is missing"));
  home.disk.create("cp/" + segment_name(3), {});
  EXPECT_THAT(refusal(home.options(), 74), HasSubstr("it ends too early"));
}

// A frame that was cut off is the last one. Where others follow it, what was counted would be lost in silence.
TEST(FrameLog, EveryChangedBitIsNoticedOrTakesWhatCameLast) {
  Home home;
  {
    FrameLog log(home.options());
    log.start(readers());
    for (std::uint64_t number = 1; number <= 3; ++number) {
      log.append(epoch(number));
      log.commit({number});
    }
  }
  const std::string name = "cp/" + segment_name(1);
  const std::string bytes = *home.disk.contents(name);
  const std::size_t mark = bytes.rfind("FRAM");
  const std::size_t last = bytes.rfind("FRAM", mark - 1);
  const std::size_t mark_bytes = bytes.size() - mark;
  std::size_t taken = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    testing::FakeDisk disk;
    disk.create(name, {})->write(std::as_bytes(std::span(changed)));
    try {
      const Checkpoint found(disk, "cp");
      EXPECT_EQ(found.last(), EpochId{3}) << bit;
      EXPECT_EQ(found.committed(), bit / 8 < mark) << bit;
      ++taken;
    } catch (const Error&) {
      continue;
    }
  }
  EXPECT_EQ(taken, 8 * 3 * mark_bytes) << "marks are not needed, and all else is";
  for (std::size_t length = last; length < bytes.size(); ++length) {
    testing::FakeDisk disk;
    disk.create(name, {})->write(std::as_bytes(std::span(bytes)).first(length));
    const Checkpoint found(disk, "cp");
    EXPECT_EQ(found.last(), EpochId{length < mark ? 2U : 3U}) << length;
    EXPECT_EQ(found.committed(), length < mark) << length;
  }
}

TEST(FrameLog, AnEpochThatWasShownIsNeverVoid) {
  Home home;
  Home other;
  for (Home* each : {&home, &other}) {
    FrameLog log(each->options(1));
    log.start(readers());
    for (std::uint64_t number = 1; number <= 2; ++number) {
      log.append(epoch(number));
      if (each == &home || number == 1) log.commit({number});
    }
  }
  {
    FrameLog log(other.options());
    log.start(readers(2));  // writes epoch 2 anew
  }
  const std::string name = "cp/" + segment_name(4);
  const std::string segment = *other.disk.contents(name);
  home.disk.create(name, {})->write(std::as_bytes(std::span(segment)));
  EXPECT_THAT(refusal(home.options(), 74), HasSubstr("it makes an epoch void that was shown"));
}

TEST(FrameLog, ASecondWriterIsNoticed) {
  Home home;
  FrameLog log(home.options(1));
  log.start(readers());
  home.disk.remove("cp/LOCK");
  EXPECT_THROW(log.append(epoch(1)), IoError);

  Home other;
  FrameLog second(other.options(1));
  second.start(readers());
  other.disk.create("cp/" + segment_name(2), {});
  EXPECT_THROW(second.append(epoch(1)), IoError);
}

TEST(FrameLog, ASegmentUnderAnotherNameIsRefused) {
  Home home;
  FrameLog(home.options()).start(readers());
  home.disk.rename("cp/" + segment_name(1), "cp/" + segment_name(2));
  EXPECT_THAT(refusal(home.options(), 74), HasSubstr("it had another name"));
}

TEST(FrameLog, WhatALaterVersionHasWrittenIsRefused) {
  Home home;
  std::string head = encode(FileHead{.number = 1});
  head[8] = 2;
  head.resize(head.size() - 8);
  put_fixed(head, checksum64(head), 8);
  home.disk.create("cp/" + segment_name(1), {})->write(std::as_bytes(std::span(head)));
  EXPECT_THAT(refusal(home.options(), 77), HasSubstr("it is of version 2, and this program reads version 1"));
}

// What is written there would be lost, and nobody would know.
TEST(FrameLog, ACheckpointThatIsMovedAwayEndsTheJob) {
  for (const std::string& name : {std::string("LOCK"), segment_name(1)}) {
    Home home;
    FrameLog log(home.options());
    log.start(readers());
    log.append(epoch(1));
    log.commit({1});
    home.disk.rename("cp/" + name, "elsewhere");
    EXPECT_THROW(log.append(epoch(2)), IoError) << name;
  }
}

}  // namespace
}  // namespace millrace::refused_log_test
