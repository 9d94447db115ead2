// An input that was begun by one run and is gone on with by the next.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/ranges_left.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/file/file_list.h"
#include "io/file/file_source.h"
#include "tests/io/drain.h"
#include "tests/io/temporary_directory.h"

namespace millrace::testing::ranges_left_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// One run after the other over the same files.
class RangesLeft : public ::testing::Test {
 protected:
  /// The sources of the next run.
  void open(const std::vector<std::string>& paths, unsigned readers,
            Framing::Kind framing = Framing::Kind::newline) {
    std::vector<io::FilePart> files = io::list_files(paths).files;
    io::FilesLeft left{.ranges = files, .problems = {}, .warnings = {}};
    if (resume_) left = io::ranges_left(std::move(files), *resume_, framing);
    files = std::move(left.ranges);
    problems_ = std::move(left.problems);
    warnings_ = std::move(left.warnings);
    sources_.clear();
    for (auto& share : io::split_files(std::move(files), readers, 1))
      sources_.push_back(std::make_unique<io::FileSource>(std::move(share), Framing{framing}));
  }
  /// The run ends here.
  void stop() { resume_ = resume_of(sources_); }
  /// Reads all that there is, and stops.
  std::vector<std::string> read_all() {
    std::vector<std::string> texts = drain(sources_, 64).texts;
    stop();
    return texts;
  }
  void append(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::app) << content;
  }
  std::string two_lines() { return directory_.write("log", "one\ntwo\n"); }
  /// A run that has read "one" of a file of two lines.
  void begin(const std::string& path) {
    open({path}, 1);
    Drained drained;
    read_some(*sources_[0], 4, drained);
    ASSERT_EQ(drained.bytes, "one\n");
    stop();
  }

  TemporaryDirectory directory_;
  std::optional<Resume> resume_;
  std::vector<std::string> problems_;
  std::vector<std::string> warnings_;
  SourceList sources_;
};

TEST_F(RangesLeft, EachRecordIsReadOnceHoweverManyReadersEachRunHas) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    resume_.reset();
    std::vector<std::string> paths, expected, texts;
    for (int file = 0; file < 3; ++file) {
      std::string content;
      for (std::size_t lines = random() % 60; lines > 0; --lines) {
        expected.push_back(std::to_string(expected.size()) + std::string(random() % 30, 'x'));
        content += expected.back() + '\n';
      }
      paths.push_back(directory_.write("file" + std::to_string(file), content));
    }
    for (int runs = 0; runs < 4; ++runs) {
      open(paths, 1 + static_cast<unsigned>(random() % 7));
      ASSERT_THAT(problems_, IsEmpty());
      Drained drained;
      if (!sources_.empty())
        for (std::size_t reads = random() % 12; reads > 0; --reads)
          read_some(*sources_[random() % sources_.size()], 1 + random() % 80, drained);
      stop();
      texts.insert(texts.end(), drained.texts.begin(), drained.texts.end());
    }
    open(paths, 2);
    for (const std::string& text : read_all()) texts.push_back(text);
    std::ranges::sort(texts);
    std::ranges::sort(expected);
    ASSERT_EQ(texts, expected) << "round " << round;
  }
}

TEST_F(RangesLeft, NamesTellNothingOfReaders) {
  const std::string path = directory_.write("log", std::string(1000, 'x') + "\n");
  open({path}, 5);
  ASSERT_GT(sources_.size(), 1U);
  for (const auto& source : sources_)
    for (const Partition& partition : source->partitions()) EXPECT_EQ(partition.name, path);
}

TEST_F(RangesLeft, AFileThatGrewGoesOnBehindItsOldEnd) {
  const std::string path = two_lines();
  open({path}, 3);
  EXPECT_EQ(read_all().size(), 2U);
  append(path, "three\n");
  open({path}, 1);
  EXPECT_THAT(read_all(), ElementsAre("three"));
}

TEST_F(RangesLeft, AFileThatGrewBeforeItWasReadToItsEndIsReadToItsNewEnd) {
  const std::string path = two_lines();
  begin(path);
  append(path, "three\n");
  open({path}, 1);
  EXPECT_THAT(read_all(), ElementsAre("two", "three"));
}

TEST_F(RangesLeft, ARecordThatWasCountedWithoutItsEndDoesNotGrow) {
  const std::string path = directory_.write("log", "one\ntw");
  open({path}, 1);
  EXPECT_THAT(read_all(), ElementsAre("one", "tw"));
  append(path, "o\n");
  open({path}, 1);
  EXPECT_THAT(problems_, ElementsAre("cannot go on with " + path +
                                     ": it has grown, from 6 to 8 bytes, and its last record, which was "
                                     "counted, had no end: let whoever writes it end each record"));
}

TEST_F(RangesLeft, ARenamedFileIsTheSame) {
  const std::string path = two_lines();
  begin(path);
  std::filesystem::rename(path, path + ".1");
  open({path + ".1"}, 1);
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_THAT(read_all(), ElementsAre("two"));
}

TEST_F(RangesLeft, ALogThatWasRotatedAndItsSuccessorAreBothRead) {
  const std::string path = two_lines();
  begin(path);
  std::filesystem::rename(path, path + ".1");
  directory_.write("log", "new\n");
  for (const bool first : {true, false}) {
    if (first)
      open({path, path + ".1"}, 1);
    else
      open({path + ".1", path}, 1);
    EXPECT_THAT(problems_, IsEmpty());
    EXPECT_THAT(warnings_, IsEmpty()) << "each is known, or new";
    EXPECT_EQ(sources_.size(), 1U);
  }
  EXPECT_THAT(read_all(), ElementsAre("two", "new"));
}

TEST_F(RangesLeft, AFileThatIsReadTwiceIsGoneOnWithTwice) {
  const std::string path = two_lines();
  open({path, path}, 1);
  Drained drained;
  read_some(*sources_[0], 4, drained);
  stop();
  open({path, path}, 1);
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_THAT(read_all(), ElementsAre("two", "one", "two"));
}

TEST_F(RangesLeft, AFileThatWasNotThereIsNew) {
  const std::string path = two_lines();
  begin(path);
  open({path, directory_.write("more", "new\n")}, 1);
  EXPECT_THAT(read_all(), ElementsAre("two", "new"));
}

TEST_F(RangesLeft, WhatWasReadToItsEndMayVanishOrBeAnother) {
  const std::string path = two_lines();
  open({path}, 1);
  read_all();
  const std::string other = directory_.write("other", "new\n");
  open({other}, 1);
  EXPECT_THAT(problems_, IsEmpty());
  std::filesystem::rename(other, path);
  open({path}, 1);
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_THAT(read_all(), ElementsAre("new"));
}

TEST_F(RangesLeft, WhatWasNotReadToItsEndMayNot) {
  const std::string path = two_lines();
  begin(path);
  const std::string other = directory_.write("other", "new\n");
  open({other}, 1);
  EXPECT_THAT(problems_, ElementsAre("cannot go on without " + path + ": it was not read to its end"));
  std::filesystem::rename(other, path);
  open({path}, 1);
  EXPECT_THAT(problems_, ElementsAre("cannot go on with " + path +
                                     ": it is another file than the one that was not read to its end"));
}

// The number of a file that was removed is the next one's, as here that of one that is written anew.
TEST_F(RangesLeft, AFileThatBeginsDifferentlyIsAnother) {
  const std::string path = two_lines();
  begin(path);
  directory_.write("log", "eno\nowt\neerht\n");
  open({path}, 1);
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("is another file")));

  two_lines();
  open({path}, 1);
  EXPECT_THAT(problems_, IsEmpty()) << "it is as it was";
  EXPECT_THAT(read_all(), ElementsAre("two"));
  directory_.write("log", "eno\nowt\neerht\n");
  open({path}, 1);
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_THAT(warnings_,
              ElementsAre(path + " is another file than the one of that name that was counted: both are"));
  EXPECT_THAT(read_all(), ElementsAre("eno", "owt", "eerht")) << "the other one was read to its end";
}

TEST_F(RangesLeft, OnlyWhatWasThereIsCompared) {
  const std::string path = directory_.write("log", "");
  open({path}, 1);
  EXPECT_THAT(read_all(), IsEmpty());
  std::size_t lines = 0;
  for (const std::size_t length : {5U, 4090U, 1U, 20'000U, 3U}) {
    append(path, std::string(length, static_cast<char>('a' + lines++)) + '\n');
    open({path}, 1);
    EXPECT_THAT(problems_, IsEmpty());
    EXPECT_EQ(read_all().size(), 1U) << length;
  }
}

// A look through all that is known for each new file takes minutes.
TEST_F(RangesLeft, VeryManyFilesAreFoundAtOnce) {
  Resume resume;
  std::vector<io::FilePart> files;
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    resume.partitions.push_back({.name = "old " + std::to_string(i), .identity = {1, i}, .end = 0});
    resume.marks.push_back({i, 0, true});
    const std::string name = "new " + std::to_string(i);
    files.push_back({name, name, 0, 10, 10});
    files.back().identity = {2, i};
  }
  const std::clock_t begin = std::clock();
  EXPECT_EQ(io::ranges_left(files, resume, Framing::Kind::newline).ranges.size(), files.size());
  EXPECT_LT(std::clock() - begin, 3 * CLOCKS_PER_SEC);
}

TEST_F(RangesLeft, AFileThatBecameShorterIsRefused) {
  const std::string path = two_lines();
  begin(path);
  ASSERT_EQ(::truncate(path.c_str(), 6), 0);
  open({path}, 1);
  EXPECT_THAT(problems_,
              ElementsAre("cannot go on with " + path + ": it has become shorter, from 8 to 6 bytes"));
}

}  // namespace
}  // namespace millrace::testing::ranges_left_test
