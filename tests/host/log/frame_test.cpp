// Frames: what was written is read, and what was changed or cut off is none.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/frame.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/testing/fake_disk.h>

#include "host/log/encoding.h"

namespace millrace::frame_test {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::uint64_t kSegment = 77;

using Sections = std::vector<std::pair<Section, std::vector<std::string>>>;

/// Returns the checksum of its rows.
std::uint64_t write(DiskFile& file, const FrameHead& head, const Sections& sections,
                    std::uint64_t segment = kSegment) {
  FrameWriter frame(file, segment, head);
  for (const auto& [section, items] : sections) {
    frame.begin(section);
    for (const std::string& item : items) {
      frame.make_room(item.size());
      frame.chunk() += item;
    }
    frame.end();
  }
  return frame.finish();
}

/// Chunks, section by section.
Sections read(FrameReader& frames) {
  Sections sections;
  for (Section section = frames.next_section(); section != Section::end; section = frames.next_section()) {
    sections.push_back({section, {}});
    while (const auto chunk = frames.next_chunk()) sections.back().second.emplace_back(*chunk);
  }
  return sections;
}

/// All frames of a file that has these bytes.
std::vector<Sections> read_all(const std::string& bytes, std::uint64_t segment = kSegment) {
  testing::FakeDisk disk;
  disk.create("f", {})->write(std::as_bytes(std::span(bytes)));
  const auto file = disk.open("f");
  FrameReader frames(*file, 0, segment);
  std::vector<Sections> all;
  while (frames.next()) all.push_back(read(frames));
  return all;
}

std::string bytes_of(const FrameHead& head, const Sections& sections) {
  testing::FakeDisk disk;
  write(*disk.create("f", {}), head, sections);
  return *disk.contents("f");
}

const Sections kSome{{Section::epoch, {"facts"}}, {Section::marks, {}}, {Section::run, {"one", "two"}}};

TEST(Frame, ComesBack) {
  testing::FakeDisk disk;
  const auto file = disk.create("f", {});
  const std::uint64_t rows = write(*file, {.epoch = {3}, .key = true}, kSome);
  write(*file, {.epoch = {3}, .commit = true}, {});
  write(*file, {.epoch = {4}, .last = true}, {{Section::epoch, {"others"}}});

  const auto reader = disk.open("f");
  FrameReader frames(*reader, 0, kSegment);
  const auto head = frames.next();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->epoch, EpochId{3});
  EXPECT_TRUE(head->key && !head->last && !head->commit);
  EXPECT_EQ(read(frames),
            (Sections{{Section::epoch, {"facts"}}, {Section::marks, {}}, {Section::run, {"onetwo"}}}));
  EXPECT_EQ(frames.rows_checksum(), rows);
  const auto commit = frames.next();
  ASSERT_TRUE(commit);
  EXPECT_TRUE(commit->commit && !commit->key && !commit->last);
  EXPECT_EQ(read(frames), Sections());
  const auto last = frames.next();
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->last && !last->key && !last->commit);
  skip_frame(frames);
  EXPECT_NE(frames.rows_checksum(), rows);
  EXPECT_FALSE(frames.next());
  EXPECT_EQ(frames.offset(), reader->size());
}

// Of what rows are made of, and of that alone: the frame that is written anew tells other positions.
TEST(Frame, TheChecksumOfRowsIsOfTheirSections) {
  testing::FakeDisk disk;
  const auto file = disk.create("f", {});
  const std::uint64_t rows = write(*file, {.epoch = {3}}, kSome);
  EXPECT_EQ(write(*file, {.epoch = {3}, .key = true},
                  {{Section::epoch, {"facts"}}, {Section::partitions, {"other"}}, {Section::run, {"onetwo"}}}),
            rows);
  EXPECT_NE(write(*file, {.epoch = {3}}, {{Section::epoch, {"facts"}}, {Section::run, {"onetwp"}}}), rows);
  EXPECT_NE(write(*file, {.epoch = {3}}, {{Section::epoch, {"fact"}}, {Section::run, {"onetwo"}}}), rows);
}

TEST(Frame, ChunksCutNoItem) {
  const std::string half(kChunkBytesMax / 2, 'h');
  const std::string more(kChunkBytesMax / 2 + 1, 'm');
  const std::string whole(kChunkBytesMax, 'w');
  const std::string bytes = bytes_of({}, {{Section::run, {half, half, more, half, whole}}});
  const std::vector<Sections> all = read_all(bytes);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0][0].second, (std::vector<std::string>{half + half, more, half, whole}));
}

TEST(Frame, EveryChangedBitIsNoticed) {
  const std::string bytes = bytes_of({.epoch = {3}}, kSome);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    EXPECT_THROW(read_all(changed), CorruptError) << bit;
  }
}

TEST(Frame, EveryCutIsNoticed) {
  const std::string bytes = bytes_of({.epoch = {3}}, kSome);
  for (std::size_t length = 1; length < bytes.size(); ++length)
    EXPECT_THROW(read_all(bytes.substr(0, length)), CorruptError) << length;
  EXPECT_EQ(read_all("").size(), 0U);
}

TEST(Frame, OfAnotherSegmentIsNone) {
  const std::string bytes = bytes_of({.epoch = {3}}, kSome);
  EXPECT_THROW(read_all(bytes, kSegment + 1), CorruptError);
}

TEST(Frame, ItsSizeIsTold) {
  testing::FakeDisk disk;
  const auto file = disk.create("f", {});
  FrameWriter frame(*file, kSegment, {});
  frame.begin(Section::run);
  frame.make_room(3);
  frame.chunk() += "abc";
  frame.end();
  frame.finish();
  EXPECT_EQ(frame.size(), disk.contents("f")->size());
}

/// The frame of kSome with another byte somewhere, and its checksums right.
std::string with_byte(std::size_t place, char byte) {
  const std::string bytes = bytes_of({.epoch = {3}}, {{Section::run, {"abc"}}});
  constexpr std::size_t kChunk = 13 + 1 + 4;  // where the codec stands
  std::string changed = bytes.substr(0, bytes.size() - 16);
  changed[place] = byte;
  std::string sum;
  put_fixed(sum, checksum64(std::string_view(changed).substr(kChunk, 4)), 8);
  changed.replace(kChunk + 4, 8, sum);
  Checksum128 all;
  std::string segment;
  put_fixed(segment, kSegment, 8);
  all.add(segment);
  all.add(changed);
  const auto end = all.bytes();
  return changed + std::string(end.data(), end.size());
}

// Not corrupt: it must not pass for a frame that was cut off.
TEST(Frame, WhatIsNewerIsWhole) {
  testing::FakeDisk disk;
  const std::string flags = with_byte(12, '\x08');
  disk.create("flags", {})->write(std::as_bytes(std::span(flags)));
  const auto file = disk.open("flags");
  FrameReader frames(*file, 0, kSegment);
  const auto head = frames.next();
  ASSERT_TRUE(head);
  EXPECT_FALSE(head->known);
  EXPECT_NO_THROW(skip_frame(frames));

  const std::string codec = with_byte(13 + 1 + 4, '\x02');
  EXPECT_THAT([&] { read_all(codec); },
              ThrowsMessage<TooNewError>(HasSubstr("in a way that is not known here")));
  disk.create("codec", {})->write(std::as_bytes(std::span(codec)));
  const auto compressed = disk.open("codec");
  FrameReader skipped(*compressed, 0, kSegment);
  ASSERT_TRUE(skipped.next());
  EXPECT_THROW(skip_frame(skipped), TooNewError) << "rows are made of it";
}

}  // namespace
}  // namespace millrace::frame_test
