// Segments: their heads, and frames up to the one that was cut off.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/segment.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/testing/fake_disk.h>

#include "host/log/encoding.h"

namespace millrace::segment_test {
namespace {

const FileHead kHead{.number = 3, .first_epoch = 7, .birth = 0x1234, .job = "keyed by: words\n"};

std::string frames(const std::string& head, std::initializer_list<FrameHead> heads) {
  testing::FakeDisk disk;
  const auto file = disk.create("f", {});
  const std::uint64_t checksum = Decoder(std::string_view(head).substr(head.size() - 8)).fixed(8);
  for (const FrameHead& each : heads) FrameWriter(*file, checksum, each).finish();
  return *disk.contents("f");
}

Segment read(const std::string& bytes) {
  testing::FakeDisk disk;
  disk.create("seg", {})->write(std::as_bytes(std::span(bytes)));
  return read_segment(disk, "seg");
}

std::string why_not(const std::string& bytes) {
  try {
    read(bytes);
  } catch (const CorruptError& error) {
    return error.what();
  }
  return "it can be read";
}

TEST(Segment, ComesBack) {
  const std::string head = encode(kHead);
  const std::string bytes = head + frames(head, {{.epoch = {7}, .key = true}, {.epoch = {7}, .commit = true}});
  const Segment segment = read(bytes);
  EXPECT_EQ(segment.head.number, 3U);
  EXPECT_EQ(segment.head.first_epoch, 7U);
  EXPECT_EQ(segment.head.birth, 0x1234U);
  EXPECT_EQ(segment.head.job, kHead.job);
  ASSERT_EQ(segment.frames.size(), 2U);
  EXPECT_EQ(segment.frames[0].offset, head.size());
  EXPECT_EQ(segment.frames[0].head.epoch, EpochId{7});
  EXPECT_TRUE(segment.frames[1].head.commit);
  EXPECT_EQ(segment.bytes, bytes.size());
}

TEST(Segment, WhatIsBehindTheFirstFrameMayBeCutOff) {
  const std::string head = encode(kHead);
  const std::string first = head + frames(head, {{.epoch = {7}, .key = true}});
  const std::string both = first + frames(head, {{.epoch = {8}}});
  for (std::size_t length = first.size(); length < both.size(); ++length) {
    const Segment segment = read(both.substr(0, length));
    EXPECT_EQ(segment.frames.size(), 1U) << length;
    EXPECT_EQ(segment.bytes, first.size()) << length;
  }
  for (std::size_t length = 0; length < first.size(); ++length)
    EXPECT_THROW(read(first.substr(0, length)), CorruptError) << length;
}

/// A file that has one length until somebody has read to its end; then its maker has appended the rest.
class GrowingFile final : public DiskReader {
 public:
  GrowingFile(std::string_view all, std::size_t length) : all_(all), length_(length) {}
  std::uint64_t size() const override { return length_; }
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
    const std::string_view got = all_.substr(0, length_).substr(offset, bytes.size());
    std::ranges::copy(std::as_bytes(std::span(got)), bytes.begin());
    if (offset + got.size() == length_) length_ = all_.size();
    return got.size();
  }

 private:
  std::string_view all_;
  mutable std::size_t length_;
};

// Else a frame that was not whole at first would be missing between those around it.
TEST(Segment, WhatIsAppendedWhileItIsReadIsNotSeen) {
  const std::string head = encode(kHead);
  const std::string first = head + frames(head, {{.epoch = {7}, .key = true}});
  const std::string second = first + frames(head, {{.epoch = {8}}});
  const std::string all = second + frames(head, {{.epoch = {8}, .commit = true}});
  for (std::size_t length = first.size(); length <= second.size(); ++length) {
    const Segment segment = read_segment(GrowingFile(all, length));
    EXPECT_EQ(segment.frames.size(), length == second.size() ? 2U : 1U) << length;
    EXPECT_EQ(segment.file_bytes, length);
  }
}

// Frames that follow a damaged one are found, so that nobody takes it for the end.
TEST(Segment, FramesBehindADamagedOneAreFound) {
  const std::string head = encode(kHead);
  const std::string first = head + frames(head, {{.epoch = {7}, .key = true}});
  const std::string second = frames(head, {{.epoch = {8}}});
  const std::string rest = frames(head, {{.epoch = {9}}, {.epoch = {9}, .commit = true}});
  for (std::size_t bit = 0; bit < 8 * second.size(); ++bit) {
    std::string changed = second;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    const Segment segment = read(first + changed + rest);
    ASSERT_EQ(segment.frames.size(), 3U) << bit;
    EXPECT_EQ(segment.frames[1].head.epoch, EpochId{9});
    EXPECT_EQ(segment.frames[1].offset, first.size() + second.size());
    EXPECT_EQ(segment.bytes, (first + second + rest).size());
  }
  EXPECT_EQ(read(first + std::string(100'000, 'F') + "FRAMFRAM" + rest).frames.size(), 3U) << "far away";
}

TEST(Segment, AFrameOfAKindThatIsNotKnownIsRefused) {
  const std::string head = encode(kHead);
  const std::string first = head + frames(head, {{.epoch = {7}, .key = true}});
  std::string unknown = frames(head, {{.epoch = {8}}});
  unknown[12] = 8;
  Checksum128 all;
  all.add(std::string_view(head).substr(head.size() - 8));
  all.add(std::string_view(unknown).substr(0, unknown.size() - 16));
  const auto end = all.bytes();
  unknown.replace(unknown.size() - 16, 16, end.data(), end.size());
  EXPECT_THROW(read(first + unknown), TooNewError);
}

TEST(Segment, EveryChangedBitOfItsHeadIsNoticed) {
  const std::string head = encode(kHead);
  const std::string whole = head + frames(head, {{.epoch = {7}, .key = true}});
  for (std::size_t bit = 0; bit < 8 * head.size(); ++bit) {
    std::string changed = whole;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    EXPECT_THROW(read(changed), CorruptError) << bit;
  }
}

TEST(Segment, SaysWhyItIsNone) {
  EXPECT_EQ(why_not("a text that somebody has put here"), "it is no part of a checkpoint");
  std::string later = encode(kHead);
  later[8] = 2;
  EXPECT_EQ(why_not(later), "the checksum of its head is wrong");
  later.resize(later.size() - 8);
  put_fixed(later, checksum64(later), 8);
  EXPECT_THROW(read(later), TooNewError);
  testing::FakeDisk disk;
  EXPECT_THROW(read_segment(disk, "missing"), CorruptError);
}

TEST(Segment, NamesAreInTheOrderOfNumbers) {
  EXPECT_EQ(segment_name(1), "seg-000000000001.log");
  EXPECT_EQ(segment_name(999'999'999'999), "seg-999999999999.log");
  EXPECT_LT(segment_name(9), segment_name(10));
}

}  // namespace
}  // namespace millrace::segment_test
