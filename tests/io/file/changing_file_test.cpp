// Files that become shorter or longer, or are replaced, between the look at them and the reading.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include <millrace/error.h>

#include "tests/io/file/opened_files.h"

namespace millrace::testing::changing_file_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void shrink(const OpenedSources& opened, std::uint64_t size) {
  const auto& directory = *static_cast<TemporaryDirectory*>(opened.keeps.get());
  std::filesystem::resize_file(directory.path() / "file0", size);
}

TEST(ChangingFile, AFileThatShrinksIsTold) {
  Told told;
  const OpenedSources opened = open_file(std::string(1000, '\n'), {.on_event = told.listener()});
  std::vector<std::byte> into(500);
  EXPECT_EQ(opened.sources[0]->read(into, {}, in(0s)).bytes, 500U);
  shrink(opened, 600);
  EXPECT_THAT(drain(*opened.sources[0], 500).texts, SizeIs(100));
  EXPECT_THAT(told.warnings,
              ElementsAre(HasSubstr("file0 became shorter while it was read, from 1000 to 600 bytes")));
}

TEST(ChangingFile, AFileThatIsEmptiedCostsTheOthersNothing) {
  Told told;
  const OpenedSources opened = open_files({"gone\n", "one\n", "two\n"}, {.on_event = told.listener()});
  shrink(opened, 0);
  EXPECT_EQ(drain(opened.sources, 64).bytes, "one\ntwo\n");
  EXPECT_THAT(told.warnings, SizeIs(1));
}

TEST(ChangingFile, AFileThatShrinksIsDoneWhereItEndsNow) {
  const OpenedSources opened = open_files({"one\ntwo\nthree\n", "four\n"}, {});
  Source& source = *opened.sources[0];
  std::vector<std::byte> into(4);
  EXPECT_EQ(source.read(into, {}, in(0s)).bytes, 4U);
  shrink(opened, 8);
  EXPECT_EQ(drain(source, 64).bytes, "two\nfour\n");
  EXPECT_EQ(news_of(source), (Marks{{0, 8, true}, {1, 5, true}}));
}

// Each record ends with a place of its own, so that half of one is known from all others.
TEST(ChangingFile, OfAFileThatShrinksWholeRecordsAreCountedOnceAndNoHalfOnes) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::string content;
    std::vector<std::string> records;
    for (int i = 0; i < 30; ++i) {
      records.push_back(std::string(random() % 40, 'x') + std::to_string(i) + '.');
      content += records.back() + '\n';
    }
    Told told;
    const auto kind = random() % 2 == 0 ? Framing::Kind::newline : Framing::Kind::whitespace;
    const OpenedSources opened =
        open_files({content}, {{kind, 35}, static_cast<unsigned>(1 + random() % 5), false, told.listener()});
    Drained drained;
    for (std::size_t reads = random() % 6; reads > 0; --reads)
      read_some(*opened.sources[random() % opened.sources.size()], 1 + random() % 100, drained);
    const std::size_t size = random() % content.size();
    shrink(opened, size);
    for (const auto& source : opened.sources) {
      const Drained rest = drain(*source, 1 + random() % 100);
      drained.texts.insert(drained.texts.end(), rest.texts.begin(), rest.texts.end());
    }
    std::size_t end = 0;
    std::size_t missing = 0;
    for (const std::string& record : records) {
      end += record.size() + 1;
      if (record.size() > 35) continue;  // oversized
      const auto times = std::ranges::count(drained.texts, record);
      ASSERT_LE(times, 1) << record;
      ASSERT_TRUE(times == 1 || end > size) << record;
      if (times == 0) ++missing;
    }
    for (const std::string& text : drained.texts) ASSERT_THAT(records, Contains(text));
    ASSERT_LE(told.warnings.size(), 1U);
    ASSERT_TRUE(missing == 0 || told.warnings.size() == 1);
  }
}

TEST(ChangingFile, AFileThatHasItsSizeAgainIsReadAsItIsNow) {
  Told told;
  const OpenedSources opened = open_file("one\ntwo\nthree\n", {.on_event = told.listener()});
  std::vector<std::byte> into(4);
  EXPECT_EQ(opened.sources[0]->read(into, {}, in(0s)).bytes, 4U);
  shrink(opened, 0);
  static_cast<TemporaryDirectory*>(opened.keeps.get())->write("file0", "ONE\nTWO\nTHREE\n");
  EXPECT_EQ(drain(*opened.sources[0], 64).bytes, "TWO\nTHREE\n");
  EXPECT_THAT(told.warnings, IsEmpty());
}

TEST(ChangingFile, AShrunkFileIsReadAgainFromAnyPosition) {
  Told told;
  const OpenedSources opened = open_file("one\ntwo\nthree\nfour\n", {.on_event = told.listener()});
  Source& source = *opened.sources[0];
  std::vector<std::byte> into(8);
  EXPECT_EQ(source.read(into, {}, in(0s)).bytes, 8U);
  const Marks before = news_of(source);
  shrink(opened, 10);
  EXPECT_EQ(drain(source, 64).bytes, "");
  EXPECT_EQ(before, (Marks{{0, 8}}));
  EXPECT_EQ(news_of(source), (Marks{{0, 8, true}}));
  source.seek({});
  EXPECT_EQ(drain(source, 64).bytes, "one\ntwo\n");
  source.seek(before);
  EXPECT_EQ(drain(source, 64).bytes, "");
  EXPECT_THAT(told.warnings, SizeIs(1));
}

void append(const OpenedSources& opened, const std::string& text, const std::string& name = "file0") {
  const auto& directory = *static_cast<TemporaryDirectory*>(opened.keeps.get());
  std::ofstream(directory.path() / name, std::ios::app) << text;
}

void replace(const OpenedSources& opened, const std::string& content) {
  const auto& directory = *static_cast<TemporaryDirectory*>(opened.keeps.get());
  std::filesystem::rename(directory.write("new", content), directory.path() / "file0");
}

TEST(ChangingFile, OfWhatIsAppendedLaterOnlyTheRestOfTheLastRecordIsRead) {
  Told told;
  const auto rest = [&](const std::string& content, const std::string& appended, std::size_t room) {
    const OpenedSources opened = open_file(content, {{.max_record_bytes = 10}, 1, false, told.listener()});
    Drained drained;
    read_some(*opened.sources[0], 4, drained);
    append(opened, appended);
    const Drained more = drain(*opened.sources[0], room);
    return drained.bytes + more.bytes + std::string(more.oversized, '!');
  };
  for (const std::size_t room : {1U, 3U, 4U, 100U}) {
    EXPECT_EQ(rest("one\ntw", "o\nthree\n", room), "one\ntwo\n");
    EXPECT_EQ(rest("one\ntwo\n", "three\n", room), "one\ntwo\n");
    EXPECT_EQ(rest("one\ntw", "o", room), "one\ntwo\n");
    EXPECT_EQ(rest("one\ntw", std::string(100, 'o') + "\nthree\n", room), "one\n!");
    EXPECT_EQ(rest("one\n" + std::string(100, 'o'), std::string(100, 'o') + "\nthree\n", room), "one\n!");
  }
  EXPECT_THAT(told.warnings, IsEmpty());
}

TEST(ChangingFile, ALastLineWithoutAnEndIsReadAlsoBehindAFileThatShrank) {
  const OpenedSources opened = open_files({"gone\n", "one"}, {.readers = 1});
  shrink(opened, 0);
  EXPECT_EQ(drain(opened.sources, 64).bytes, "one\n");
}

TEST(ChangingFile, APositionInWhatHasGrownIsOneOfTheFile) {
  const OpenedSources opened = open_file("on", {});
  Source& source = *opened.sources[0];
  append(opened, "e\n");
  EXPECT_EQ(drain(source, 64).bytes, "one\n");
  const Marks end = news_of(source);
  EXPECT_NO_THROW(source.seek(end));
  EXPECT_EQ(drain(source, 64).bytes, "");
}

TEST(ChangingFile, OfWhatHasGrownAndShrinksAgainNoHalfRecordIsCounted) {
  Told told;
  const OpenedSources opened = open_file("on", {.on_event = told.listener()});
  append(opened, std::string(50, 'e') + '\n');
  std::vector<std::byte> into(1);
  ReadResult result;
  do result = opened.sources[0]->read(into, {}, in(0s));
  while (result.status == ReadResult::Status::idle);
  ASSERT_EQ(result.status, ReadResult::Status::too_big) << "it has seen where the record ends now";
  shrink(opened, 30);
  EXPECT_EQ(drain(*opened.sources[0], 100).bytes, "");
  EXPECT_THAT(told.warnings, ElementsAre(HasSubstr("from 53 to 30 bytes")));
}

TEST(ChangingFile, EachFileOfAReaderMayGrow) {
  const OpenedSources opened = open_files({"on", "tw", "three"}, {.readers = 1});
  append(opened, "e\n", "file0");
  append(opened, "o\n", "file1");
  EXPECT_EQ(drain(opened.sources, 64).bytes, "one\ntwo\nthree\n");
}

// Whatever stands there by then, and whoever reads which range: records of one of both files, and no half ones.
TEST(ChangingFile, AFileThatIsReplacedIsToldAndHasNoHalfRecords) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    const auto records = [&](char letter) {
      std::vector<std::string> made(1 + random() % 30);
      for (std::string& record : made) record = std::string(random() % 40, letter) + '.';
      return made;
    };
    const auto text_of = [&](const std::vector<std::string>& lines) {
      std::string text;
      for (const std::string& line : lines) text += line + '\n';
      return text.substr(0, text.size() - random() % 2);
    };
    std::vector<std::string> known = records('a');
    const std::vector<std::string> others = records('b');
    Told told;
    const OpenedSources opened =
        open_files({text_of(known)}, {{}, static_cast<unsigned>(1 + random() % 5), false, told.listener()});
    Drained drained;
    for (std::size_t reads = random() % 6; reads > 0; --reads)
      read_some(*opened.sources[random() % opened.sources.size()], 1 + random() % 100, drained);
    replace(opened, text_of(others));
    for (const auto& source : opened.sources) {
      const Drained rest = drain(*source, 1 + random() % 100);
      drained.texts.insert(drained.texts.end(), rest.texts.begin(), rest.texts.end());
      source->seek({});
      drain(*source, 10);
      source->seek(news_of(*source));
    }
    known.insert(known.end(), others.begin(), others.end());
    for (const std::string& text : drained.texts) ASSERT_THAT(known, Contains(text));
    ASSERT_THAT(told.warnings, ElementsAre(HasSubstr("file0 was replaced by another file")));
  }
}

// Nobody waits for what might write into it, and it does not pass for an empty file.
TEST(ChangingFile, WhatIsNoFileInItsPlaceIsNotRead) {
  for (const bool pipe : {true, false}) {
    const OpenedSources opened = open_file("one\n", {});
    const auto path = static_cast<TemporaryDirectory*>(opened.keeps.get())->path() / "file0";
    std::filesystem::rename(path, path.string() + " of before");  // which keeps its inode
    ASSERT_EQ(pipe ? ::mkfifo(path.c_str(), 0600) : ::mkdir(path.c_str(), 0700), 0);
    std::vector<std::byte> into(10);
    EXPECT_THAT([&] { opened.sources[0]->read(into, {}, in(0s)); },
                ::testing::ThrowsMessage<IoError>(HasSubstr("is none any more")));
  }
}

TEST(ChangingFile, OfALargerFileInItsPlaceTheOldSizeIsRead) {
  Told told;
  const OpenedSources opened = open_file("other 1234", {.on_event = told.listener()});
  replace(opened, "one\nother,123456\nthree\n");
  EXPECT_EQ(drain(*opened.sources[0], 64).bytes, "one\nother,123456\n");
  EXPECT_THAT(told.warnings, ElementsAre(HasSubstr("another file, of 23 bytes instead of 10: ")));
  const OpenedSources shorter = open_file("other 1234", {});
  replace(shorter, "one\ntwo");
  EXPECT_EQ(drain(*shorter.sources[0], 64).bytes, "one\ntwo\n");
}

}  // namespace
}  // namespace millrace::testing::changing_file_test
