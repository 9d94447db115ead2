// Where the offset of a shared file stands, whoever reads which range of it.
// SPDX-License-Identifier: Apache-2.0
#include "io/stdio/shared_input.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "io/file/file_list.h"
#include "tests/io/drain.h"
#include "tests/io/temporary_directory.h"

namespace millrace::testing::shared_input_test {
namespace {

using io::FilePart;
using io::FileSource;

/// A descriptor that stands in for standard input.
class SharedInputTest : public ::testing::Test {
 protected:
  void open(const std::string& content) { input_ = io::open_for_reading(directory_.write("input", content)); }
  off_t offset() const { return ::lseek(input_.get(), 0, SEEK_CUR); }
  std::vector<FileSource> sources(unsigned readers, std::uint64_t smallest = 1) const {
    std::vector<FileSource> made;
    for (auto& share : io::split_files({io::as_file(input_.get(), "stdin").value()}, readers, smallest))
      made.emplace_back(std::move(share), Framing{});
    return made;
  }

  TemporaryDirectory directory_;
  io::Descriptor input_;
};

TEST_F(SharedInputTest, ReadingLeavesTheOffsetAloneAndCommittingMovesIt) {
  open("one\ntwo\nthree\n");
  ::lseek(input_.get(), 4, SEEK_SET);
  std::vector<FileSource> made = sources(1);
  EXPECT_EQ(drain(made[0], 64).bytes, "two\nthree\n");
  EXPECT_EQ(offset(), 4);
  made[0].committed(news_of(made[0]));
  EXPECT_EQ(offset(), 14);
}

TEST_F(SharedInputTest, ItStandsBeforeTheFirstRecordThatIsNotFinished) {
  std::string content;
  for (int i = 1000; i < 1080; ++i) content += std::to_string(i) + '\n';
  open(content);
  std::vector<FileSource> made = sources(4, 49);
  ASSERT_EQ(made.size(), 4U);
  Drained drained;
  read_some(made[0], 40, drained);
  drain(made[1], 40);
  read_some(made[3], 40, drained);
  for (const std::size_t reader : {3U, 1U, 0U}) made[reader].committed(news_of(made[reader]));
  EXPECT_EQ(offset(), 40);
  drain(made[0], 40);
  made[0].committed(news_of(made[0]));
  EXPECT_EQ(offset(), 200) << "all records that start in the first half, the last of which ends behind it";
  for (const std::size_t reader : {2U, 3U}) drain(made[reader], 40);
  for (const std::size_t reader : {3U, 2U}) made[reader].committed(news_of(made[reader]));
  EXPECT_EQ(offset(), 400);
}

// Whoever reads on behind it must find each record that was not counted, and no other.
TEST_F(SharedInputTest, WhatIsReadWhenItIsDrainedHasNoGaps) {
  std::string content;
  for (int i = 1000; i < 2000; ++i) content += std::to_string(i) + '\n';
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    open(content);
    std::vector<FileSource> made = sources(1 + random() % 4, 10 + random() % 100);
    Drained drained;
    for (FileSource& source : made) read_some(source, random() % 1500, drained);
    std::ranges::shuffle(made, random);
    for (FileSource& source : made)
      for (std::string& text : stop(source, 64).texts) drained.texts.push_back(std::move(text));
    for (FileSource& source : made) source.committed(news_of(source));
    std::ranges::sort(drained.texts);
    const auto counted = content.substr(0, static_cast<std::size_t>(offset()));
    EXPECT_EQ(drained.texts, plain_records(counted, {}).texts) << "seed " << seed;
  }
}

// What another program has left of a record is a record, also where several readers share the file.
TEST_F(SharedInputTest, TheFirstRecordStartsWhereTheFileStands) {
  const std::string content = "one\ntwo\nthree\nfour\nfive\n";
  open(content);
  for (const off_t begin : {4, 5, 7}) {
    ::lseek(input_.get(), begin, SEEK_SET);
    std::vector<FileSource> made = sources(3);
    EXPECT_EQ(made.size(), 3U);
    std::vector<std::string> texts;
    for (FileSource& source : made)
      for (std::string& text : drain(source, 64).texts) texts.push_back(std::move(text));
    std::vector<std::string> expected =
        plain_records(content.substr(static_cast<std::size_t>(begin)), {}).texts;
    std::ranges::sort(texts);
    std::ranges::sort(expected);
    EXPECT_EQ(texts, expected);
  }
}

// Whoever has read the front knows what the file is.
TEST_F(SharedInputTest, HowTheFileBeginsIsOfNoConcernBehindItsFront) {
  for (const std::string front : {"\xEF\xBB\xBF", "\x1F\x8B\x08"}) {
    open(front + "one\ntwo\n");
    ::lseek(input_.get(), static_cast<off_t>(front.size()) + 1, SEEK_SET);
    std::vector<FileSource> made = sources(1);
    EXPECT_EQ(drain(made[0], 64).bytes, "ne\ntwo\n");
  }
}

TEST_F(SharedInputTest, AMarkIsPassedThoughNothingFollowsIt) {
  open("\xEF\xBB\xBF");
  std::vector<FileSource> made = sources(1);
  EXPECT_EQ(drain(made[0], 64).bytes, "");
  made[0].committed(news_of(made[0]));
  EXPECT_EQ(offset(), 3);
}

TEST_F(SharedInputTest, WhatOthersShareCannotBeReadAgain) {
  open("one\n");
  EXPECT_FALSE(sources(1)[0].replayable());
}

TEST_F(SharedInputTest, ThatItBecameShorterIsToldOnceHoweverManyReadIt) {
  open(std::string(300, '\n'));
  std::vector<std::string> told;
  std::vector<FileSource> made;
  for (auto& share : io::split_files({io::as_file(input_.get(), "stdin").value()}, 3, 1))
    made.emplace_back(std::move(share), Framing{}, [&](const Event& event) { told.push_back(event.text); });
  ASSERT_EQ(made.size(), 3U);
  std::filesystem::resize_file(directory_.path() / "input", 0);
  for (FileSource& source : made) drain(source, 64);
  EXPECT_EQ(told.size(), 1U);
}

// Searching goes in steps, so that orders are heard in between; draining has to take them all.
TEST_F(SharedInputTest, ALongRecordThatIsAllowedIsReadToItsEndWhenItIsDrained) {
  constexpr std::uint64_t kMib = std::uint64_t{1} << 20;
  open("first\n");
  const auto path = directory_.path() / "input";
  std::uint64_t size = 6;
  for (const std::uint64_t length : {21 * kMib, 18 * kMib}) {
    std::filesystem::resize_file(path, size += length);
    std::ofstream(path, std::ios::app) << '\n';
    ++size;
  }
  auto shares = io::split_files({io::as_file(input_.get(), "stdin").value()}, 1, 64 * kMib);
  FileSource source(std::move(shares.at(0)), {Framing::Kind::newline, 20 * kMib});
  Drained drained;
  read_some(source, 64, drained);
  EXPECT_EQ(drained.bytes, "first\n");
  const Drained rest = stop(source, 64);
  EXPECT_EQ(rest.oversized, 1U);
  ASSERT_EQ(rest.texts.size(), 1U);
  EXPECT_EQ(rest.texts[0].size(), 18 * kMib);
}

// Who is about to begin the next range when reading stops leaves it to the next program.
TEST(SharedInputRanges, NoneBeginsWhereReadingHasStopped) {
  io::SharedInput input(io::Descriptor(), 0);
  for (std::uint64_t begin = 0; begin < 40; begin += 10) input.expect(begin, begin + 10);
  EXPECT_TRUE(input.begin(10));
  EXPECT_EQ(input.stop(), 20U);
  EXPECT_FALSE(input.begin(20));
  EXPECT_FALSE(input.begin(30));
  EXPECT_TRUE(input.begin(0)) << "it lies before what is read already";
  EXPECT_EQ(input.stop(), 20U);
}

TEST_F(SharedInputTest, ItNeverGoesBack) {
  open("one\ntwo\n");
  std::vector<FileSource> made = sources(1);
  const Marks begin = news_of(made[0]);
  drain(made[0], 64);
  made[0].committed(news_of(made[0]));
  made[0].committed(begin);
  EXPECT_EQ(offset(), 8);
  ::lseek(input_.get(), 100, SEEK_SET);
  made = sources(1);
  EXPECT_EQ(drain(made[0], 64).bytes, "");
  made[0].committed(news_of(made[0]));
  EXPECT_EQ(offset(), 100) << "where there was nothing to read";
}

}  // namespace
}  // namespace millrace::testing::shared_input_test
