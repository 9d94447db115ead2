// What a log knows of inputs: all of them, by change, over runs with other readers.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/logged_inputs.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/testing/fake_disk.h>

#include "host/log/encoding.h"

namespace millrace::logged_inputs_test {
namespace {

using ::testing::ElementsAre;

Partition part(const std::string& name, std::int64_t end, std::uint64_t inode = 1) {
  return {.name = name,
          .identity = {.device = 5, .inode = inode},
          .beginning = {.checksum = inode, .length = 7},
          .end = end};
}
Mark at(std::uint32_t partition, std::int64_t next, bool done = false) {
  return {.partition = partition, .next = next, .done = done};
}

/// Name, end, next and done of each.
using Known = std::vector<std::tuple<std::string, std::int64_t, std::int64_t, bool>>;
Known known(const LoggedInputs& inputs) {
  const Resume all = inputs.all();
  Known known;
  for (const Mark& mark : all.marks) {
    const Partition& partition = all.partitions[mark.partition];
    known.emplace_back(partition.name, partition.end, mark.next, mark.done);
  }
  return known;
}

/// Written with `write` and read again into `into`.
void there_and_back(const std::function<void(FrameWriter&)>& write, LoggedInputs& into, bool key = true) {
  testing::FakeDisk disk;
  const auto file = disk.create("f", {});
  FrameWriter frame(*file, 0, {.key = key});
  write(frame);
  frame.finish();
  const auto reader = disk.open("f");
  FrameReader frames(*reader, 0, 0);
  const auto head = frames.next();
  for (Section section = frames.next_section(); section != Section::end; section = frames.next_section()) {
    if (section == Section::partitions && head->key) into.clear();
    while (const auto chunk = frames.next_chunk())
      section == Section::partitions ? into.read_partitions(*chunk) : into.read_marks(*chunk);
  }
}

LoggedInputs two_readers() {
  LoggedInputs inputs;
  inputs.start({{{part("a", 100), part("b", Partition::kOpenEnd, 2)}, {at(0, 10), at(1, 0)}},
                {{part("a", 200)}, {at(0, 100)}}});
  return inputs;
}

TEST(LoggedInputs, ChangesAreMerged) {
  LoggedInputs inputs = two_readers();
  inputs.merge({}, {{at(1, 7)}, {at(0, 200, true)}});
  EXPECT_EQ(known(inputs), (Known{{"a", 100, 10, false}, {"b", -1, 7, false}, {"a", 200, 200, true}}));
}

TEST(LoggedInputs, ComeBackFromAKeyFrameAndItsFollowers) {
  LoggedInputs inputs = two_readers();
  LoggedInputs again;
  there_and_back([&](FrameWriter& frame) { inputs.write(frame); }, again);
  EXPECT_EQ(known(again), known(inputs));
  EXPECT_EQ(again.all().partitions, inputs.all().partitions);
  const std::vector<Marks> changes{{at(0, 50)}, {at(0, 150)}};
  inputs.merge({}, changes);
  there_and_back([&](FrameWriter& frame) { write_marks(frame, changes); }, again, false);
  EXPECT_EQ(known(again), known(inputs));
}

TEST(LoggedInputs, WhatIsFoundFollowsTheKnownOnesOfItsReader) {
  LoggedInputs inputs = two_readers();
  LoggedInputs again;
  there_and_back([&](FrameWriter& frame) { inputs.write(frame); }, again);
  const std::vector<std::vector<Partition>> found{{}, {part("c", -1, 3), part("d", -1, 4)}};
  const std::vector<Marks> changes{{at(0, 50)}, {at(1, 7), at(2, 0)}};
  inputs.merge(found, changes);
  EXPECT_EQ(known(inputs), (Known{{"a", 100, 50, false},
                                  {"b", -1, 0, false},
                                  {"a", 200, 100, false},
                                  {"c", -1, 7, false},
                                  {"d", -1, 0, false}}));
  const auto write_changes = [&](FrameWriter& frame) {
    write_found(frame, found);
    write_marks(frame, changes);
  };
  there_and_back(write_changes, again, false);
  EXPECT_EQ(known(again), known(inputs));
  EXPECT_EQ(again.all().partitions, inputs.all().partitions);
}

TEST(LoggedInputs, ReadersWithoutInputsKeepTheirNumbers) {
  LoggedInputs inputs;
  inputs.start({{}, {{part("a", 100)}, {at(0, 0)}}});
  LoggedInputs again;
  there_and_back([&](FrameWriter& frame) { inputs.write(frame); }, again);
  there_and_back([&](FrameWriter& frame) { write_marks(frame, {{}, {at(0, 60)}}); }, again);
  EXPECT_EQ(known(again), (Known{{"a", 100, 60, false}}));
}

// A file is there as a whole, in whatever ranges; one that is gone may come back.
TEST(LoggedInputs, ANewRunKeepsWhatItsReadersDoNotHave) {
  LoggedInputs inputs = two_readers();
  inputs.merge({}, {{at(1, 7, true)}, {}});
  inputs.start({{{part("a", 55), part("c", 9, 3)}, {at(0, 10), at(1, 0)}}});
  EXPECT_EQ(known(inputs), (Known{{"a", 55, 10, false}, {"c", 9, 0, false}, {"b", -1, 7, true}}));
  LoggedInputs again;
  there_and_back([&](FrameWriter& frame) { inputs.write(frame); }, again);
  EXPECT_EQ(known(again), known(inputs));
  again.start({{{part("b", 8, 2)}, {at(0, 7)}}});
  EXPECT_EQ(known(again), (Known{{"b", 8, 7, false}, {"a", 55, 10, false}, {"c", 9, 0, false}}));
}

// It has the name, and is another file: both are known.
TEST(LoggedInputs, AFileWithAnotherIdentityIsAnotherOne) {
  LoggedInputs inputs;
  inputs.start({{{part("a", 10, 1)}, {at(0, 10, true)}}});
  inputs.start({{{part("a", 20, 2)}, {at(0, 0)}}});
  EXPECT_EQ(known(inputs), (Known{{"a", 20, 0, false}, {"a", 10, 10, true}}));
}

// Where logs are rotated: what was left of it is read under its new name, and nobody misses the old one.
TEST(LoggedInputs, AFileIsTheSameUnderAnotherName) {
  LoggedInputs inputs;
  inputs.start({{{part("a.log", 150, 7)}, {at(0, 100)}}});
  inputs.start({{{part("a.log.1", 150, 7), part("a.log", 20, 8)}, {at(0, 100), at(1, 0)}}});
  EXPECT_EQ(known(inputs), (Known{{"a.log.1", 150, 100, false}, {"a.log", 20, 0, false}}));
}

// A connection has no identity: there its name tells.
TEST(LoggedInputs, WithoutAnIdentityTheNameTells) {
  LoggedInputs inputs;
  inputs.start({{{{.name = "x"}, {.name = "y"}}, {at(0, 5), at(1, 6)}}});
  inputs.start({{{{.name = "y"}}, {at(0, 6)}}});
  EXPECT_EQ(known(inputs), (Known{{"y", -1, 6, false}, {"x", -1, 5, false}}));
}

TEST(LoggedInputs, MarksThatNoPartitionHasAreAMistake) {
  LoggedInputs inputs = two_readers();
  EXPECT_THROW(inputs.merge({}, {{at(2, 1)}}), InternalError);
  EXPECT_THROW(inputs.merge({}, {{}, {}, {at(0, 1)}}), InternalError);
  EXPECT_THROW(inputs.merge({{}, {}, {part("c", 1)}}, {}), InternalError);
  EXPECT_THROW(inputs.start({{{part("a", 1), part("b", 1)}, {at(1, 0), at(0, 0)}}}), InternalError);
  EXPECT_THROW(inputs.start({{{part("a", 1)}, {}}}), InternalError);
}

std::string marks(std::uint64_t reader, std::uint64_t partition, char done) {
  std::string bytes;
  put_varint(bytes, reader);
  put_varint(bytes, partition);
  put_zigzag(bytes, 5);
  return bytes + done;
}

TEST(LoggedInputs, MarksOfWhatIsNotKnownAreCorrupt) {
  LoggedInputs inputs = two_readers();
  EXPECT_NO_THROW(inputs.read_marks(marks(2, 0, 1)));
  EXPECT_THROW(inputs.read_marks(marks(3, 0, 1)), CorruptError);
  EXPECT_THROW(inputs.read_marks(marks(0, 0, 1)), CorruptError);
  EXPECT_THROW(inputs.read_marks(marks(2, 1, 1)), CorruptError);
  EXPECT_THROW(inputs.read_marks(marks(2, 0, 2)), CorruptError);
  std::string far;
  put_varint(far, 1 << 20);
  EXPECT_THROW(inputs.read_partitions(far), CorruptError);
}

}  // namespace
}  // namespace millrace::logged_inputs_test
