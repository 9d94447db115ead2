// Checkpoints with zstd: the same epochs in fewer bytes, also where some of them were stored as they are.
// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/error.h>
#include <millrace/run.h>

#include "host/job/checkpoint_state.h"
#include "host/job/zstd_codec.h"
#include "tests/host/job/memory_jobs.h"
#include "tests/host/log/logged_job.h"

namespace millrace::compressed_checkpoint_test {
namespace {

using ::testing::AllOf;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kZstdMagic("\x28\xb5\x2f\xfd", 4);

/// Reads what is compressed, and compresses nothing.
class OnlyReads final : public Codec {
 public:
  bool compress(std::string_view, std::size_t, std::string&) override { return false; }
  void decompress(std::string_view stored, std::size_t most, std::string& out) override {
    zstd_->decompress(stored, most, out);
  }

 private:
  std::unique_ptr<Codec> zstd_ = make_zstd_codec();
};

constexpr int kMoreWords = 100;

std::string more_word(int i) {
  return std::to_string(i) + " is one of many words";
}

EpochData large_epoch(std::uint64_t number) {
  EpochData large = epoch(number);
  Words words;
  for (int i = 0; i < kMoreWords; ++i) words[more_word(i)] = 1 + i % 7;
  large.partials.emplace_back(large.pane, columns_of(words));
  return large;
}

Words large_words(std::uint64_t last) {
  Words words = words_until(last);
  for (int i = 0; i < kMoreWords; ++i) words[more_word(i)] = static_cast<std::int64_t>(last) * (1 + i % 7);
  return words;
}

class CompressedCheckpoint : public ::testing::Test {
 protected:
  FrameLogOptions options(std::shared_ptr<Codec> codec, std::uint64_t segment_bytes = 1 << 20) {
    FrameLogOptions options = home_.options(segment_bytes);
    options.codec = std::move(codec);
    return options;
  }
  /// Appends what comes until that epoch, and leaves it undecided.
  void write(const FrameLogOptions& options, std::uint64_t last) {
    FrameLog log(options);
    log.start(readers(static_cast<std::int64_t>(log.recovered().last.number)));
    if (log.recovered().undecided) log.commit(log.recovered().last);
    for (std::uint64_t number = log.recovered().last.number + 1; number <= last; ++number) {
      frames_.push_back(log.append(large_epoch(number)));
      if (number < last) log.commit({number});
      while (log.work()) {
      }
    }
  }
  std::string file(const std::string& name) { return home_.disk.contents("cp/" + name).value(); }
  bool any_compressed(const std::string& name) { return file(name).find(kZstdMagic) != std::string::npos; }

  Home home_;
  std::vector<std::uint64_t> frames_;  ///< what each epoch's append told
};

// Each life writes the last epoch of the one before anew.
TEST_F(CompressedCheckpoint, StoredAndCompressedEpochsFollowEachOther) {
  write(options(nullptr), 2);
  EXPECT_FALSE(any_compressed(segment_name(1)));
  write(options(make_zstd_codec()), 4);
  EXPECT_TRUE(any_compressed(segment_name(2)));
  EXPECT_LT(file(segment_name(2)).size(), file(segment_name(1)).size() * 3 / 4);
  write(options(std::make_shared<OnlyReads>()), 6);
  EXPECT_FALSE(any_compressed(segment_name(3)));
  FrameLog log(options(make_zstd_codec()));
  ASSERT_TRUE(log.recovered().undecided);
  EXPECT_EQ(log.recovered().frame, frames_.back());
  EXPECT_EQ(replayed(log), large_words(6));
  log.start(readers(6));
  EXPECT_TRUE(any_compressed(segment_name(4)));
}

TEST_F(CompressedCheckpoint, WhatIsToldOfAnEpochIsTheSameInAnyForm) {
  write(options(nullptr), 5);
  Home other;
  std::swap(home_.disk, other.disk);
  const std::vector<std::uint64_t> stored = std::exchange(frames_, {});
  write(options(make_zstd_codec()), 5);
  EXPECT_EQ(frames_, stored);
}

TEST_F(CompressedCheckpoint, SnapshotsAreCompressed) {
  write(options(make_zstd_codec(), 1500), 40);
  const std::vector<std::string> names = home_.disk.list("cp", "snap-");
  ASSERT_THAT(names, SizeIs(2));
  for (const std::string& name : names) EXPECT_TRUE(any_compressed(name));
  FrameLog log(options(make_zstd_codec()));
  EXPECT_THAT(log.recovered().damage, IsEmpty());
  EXPECT_EQ(replayed(log), large_words(40));
  const auto codec = make_zstd_codec();
  const Snapshot found = read_snapshot(home_.disk, "cp/" + names.back(), codec.get());
  std::uint64_t held = 0;
  for (const auto& [pane, runs] : found.panes) held += runs.runs.at(0).span.bytes;
  EXPECT_GT(held, found.bytes * 3 / 2);
  EXPECT_THAT(count_rows(home_.disk, found, codec.get()), SizeIs(found.panes.size()));
}

// That is what a merge will have of it in memory.
TEST_F(CompressedCheckpoint, RunsAreAsLongAsWhatTheyHold) {
  const auto codec = make_zstd_codec();
  const auto file = home_.disk.create("f", {});
  FrameWriter frame(*file, 0, {.epoch = {1}}, codec.get());
  const std::vector<RunSpan> written =
      write_epoch(frame, large_epoch(1), nullptr, unlimited_budget(), home_.workers);
  frame.finish();
  const auto reader = home_.disk.open("f");
  FrameReader frames(*reader, 0, 0, codec.get());
  std::vector<RunSpan> found;
  read_epoch(frames, *frames.next(), {.runs = &found});
  FrameReader again(*reader, 0, 0, codec.get());
  again.next();
  const auto copy = home_.disk.create("copy", {});
  FrameWriter to(*copy, 0, {.epoch = {1}}, codec.get());
  const std::vector<RunSpan> copied = copy_epoch(again, to);
  for (const std::vector<RunSpan>& spans : {written, found, copied}) {
    ASSERT_THAT(spans, SizeIs(2));
    EXPECT_THAT(spans[0].bytes, AllOf(Gt(20U), Lt(80U)));
    EXPECT_THAT(spans[1].bytes, AllOf(Gt(2000U), Lt(3000U)));
    EXPECT_GT(spans[1].bytes, frame.size());
  }
}

TEST_F(CompressedCheckpoint, WithoutTheCodecItIsRefused) {
  write(options(make_zstd_codec(), 1500), 2);
  try {
    const FrameLog log(options(nullptr));
    ADD_FAILURE() << "it was taken";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 77);
    EXPECT_THAT(error.what(),
                HasSubstr("another build of millrace has written the checkpoint: cp/" + segment_name(1) +
                          ": a part of it is compressed with zstd, which is not built in here"));
  }
}

Words words_of(const Checkpoint& checkpoint) {
  Words words;
  checkpoint.read({.budget = &unlimited_budget(), .seed = kSeed}, [&](EpochData&& each, std::uint64_t) {
    for (const auto& [pane, columns] : each.partials)
      for (std::size_t row = 0; row < columns.size(); ++row) {
        char scratch[8];
        words[std::string(columns.text(row, scratch))] += columns.counts[row];
      }
  });
  return words;
}

/// What a start finds: the last epoch, 0 if it refuses. It must have counted what that epoch has left.
std::uint64_t epoch_found(Disk& disk, Codec& codec) {
  try {
    const Checkpoint found(disk, "cp", &codec);
    EXPECT_EQ(words_of(found), large_words(found.last().number));
    return found.last().number;
  } catch (const Error&) {
    return 0;
  }
}

// The last frame, if it is changed, looks as one that was cut off.
TEST_F(CompressedCheckpoint, EveryChangedBitIsSeen) {
  constexpr std::uint64_t kLast = 8;
  constexpr std::size_t kStep = MILLRACE_ONE_CASE_IN == 1 ? 5 : 97;
  write(options(make_zstd_codec(), 1500), kLast);
  ASSERT_THAT(home_.disk.list("cp", "snap-"), Not(IsEmpty()));
  const auto codec = make_zstd_codec();
  std::map<std::uint64_t, std::size_t> found;
  for (const std::string& name : home_.disk.list("cp")) {
    const std::string path = "cp/" + name;
    const std::string whole = file(name);
    const bool last_segment = name == home_.disk.list("cp", "seg-").back();
    for (std::size_t bit = 0; bit < 8 * whole.size(); bit += kStep) {
      std::string changed = whole;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
      home_.disk.create(path, {})->write(std::as_bytes(std::span(changed)));
      const std::uint64_t epoch = epoch_found(home_.disk, *codec);
      EXPECT_TRUE(epoch == 0 || epoch == kLast || (last_segment && epoch == kLast - 1)) << name << ", " << bit;
      ++found[epoch];
    }
    home_.disk.create(path, {})->write(std::as_bytes(std::span(whole)));
  }
  EXPECT_GT(found[0], 1000U / kStep);
  EXPECT_GT(found[kLast], 1000U / kStep) << "snapshots are not needed";
}

// Written once by zstd 1.5.4. What others write need not be the same bytes.
TEST_F(CompressedCheckpoint, Version1IsRead) {
  const auto codec = make_zstd_codec();
  const Checkpoint found(real_disk(), VERSION_1_ZSTD, codec.get());
  EXPECT_TRUE(found.committed());
  EXPECT_EQ(words_of(found), large_words(1));
}

// By the public way in and out.
TEST_F(CompressedCheckpoint, AJobHasOne) {
  Job job{.from = {"generate:?words=20k&vocabulary=2000"}, .checkpoint = "/cp"};
  job.to_sinks = {std::make_shared<testing::MemorySink>()};
  job.seams.disk = &home_.disk;
  run(job);
  EXPECT_NE(home_.disk.contents("/cp/" + segment_name(1)).value().find(kZstdMagic), std::string::npos);
  const CheckpointState state = read_checkpoint_state(home_.disk, "/cp").value();
  EXPECT_TRUE(state.last.last && state.committed);
  EXPECT_GT(state.rows.at(Pane{}), 1000U);
  EXPECT_EQ(run(job).progress.bytes_read, 0U) << "it is over";
}

}  // namespace
}  // namespace millrace::compressed_checkpoint_test
