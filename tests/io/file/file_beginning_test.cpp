// Files begin behind their byte order marks, whoever reads which range, and what is no text is refused.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/file_beginning.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "io/file/file_list.h"
#include "tests/io/drain.h"
#include "tests/io/temporary_directory.h"

namespace millrace::testing::file_beginning_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::string_view kMark = "\xEF\xBB\xBF";

TEST(FileBeginning, AMarkBelongsToNoRecord) {
  const TemporaryDirectory directory;
  std::string lines;
  for (int i = 0; i < 50; ++i) lines += std::to_string(i * i) + "\n" + std::string(kMark);
  lines += '\n';
  const std::string path = directory.write("marked", std::string(kMark) + lines);
  for (const unsigned readers : {1U, 2U, 5U, 60U}) {
    const std::vector<std::string> paths = {path, path};
    SourceList sources;
    for (auto& share : io::split_files(io::list_files(paths).files, readers, 1))
      sources.push_back(std::make_unique<io::FileSource>(share, Framing{}));
    EXPECT_EQ(drain(sources, 50).bytes, lines + lines) << readers;
  }
}

TEST(FileBeginning, PositionsCountFromTheStartOfTheFile) {
  const TemporaryDirectory directory;
  const std::vector<std::string> paths = {directory.write("marked", std::string(kMark) + "one\ntwo\n")};
  io::FileSource source(io::list_files(paths).files, {});
  EXPECT_EQ(source.bytes_total(), 8U);
  std::vector<std::byte> into(4);
  EXPECT_EQ(source.read(into, {}, in(1s)).bytes, 4U);
  EXPECT_EQ(news_of(source), (Marks{{0, 7}}));
  source.seek(Marks{{0, 7}});
  EXPECT_EQ(drain(source, 4).bytes, "two\n");
  source.seek({});
  EXPECT_EQ(drain(source, 4).bytes, "one\ntwo\n");
}

TEST(FileBeginning, AMarkAloneIsAnEmptyFile) {
  const TemporaryDirectory directory;
  const std::vector<std::string> paths = {directory.write("marked", kMark)};
  io::FileSource source(io::list_files(paths).files, {});
  EXPECT_EQ(drain(source, 4).bytes, "");
}

TEST(FileBeginning, FilesOfOneKindAreOneProblem) {
  const TemporaryDirectory directory;
  const std::string base = directory.path().string();
  for (const char* name : {"a.gz", "b.gz", "c.gz"}) directory.write(name, "\x1F\x8B\x08...");
  directory.write("d.txt", "\xFF\xFE...");
  directory.write("e.txt", "text");
  const io::FileList list = io::list_files(std::vector{base + "/*"});
  EXPECT_THAT(list.files, SizeIs(1));
  EXPECT_THAT(list.problems, SizeIs(0));
  EXPECT_THAT(list.not_text,
              ElementsAre(HasSubstr("a.gz and 2 more are compressed with gzip"), HasSubstr("d.txt is UTF-16")));
}

TEST(FileBeginning, WhatIsNoTextIsNotShown) {
  const TemporaryDirectory directory;
  const std::vector<std::string> paths = {directory.write("a.gz", "\x1F\x8B\x08..."),
                                          directory.write("b", "text")};
  std::vector<std::string> seen;
  io::list_files(paths, [&](const std::string& name, std::span<const std::byte>) { seen.push_back(name); });
  EXPECT_THAT(seen, ElementsAre(paths[1]));
}

// Its magic number is the longest.
TEST(FileBeginning, EnoughIsLookedAtThoughNobodyListens) {
  const TemporaryDirectory directory;
  const io::FileList list = io::list_files(std::vector{directory.write("a.bz2", "BZh91AY&SY...")});
  EXPECT_THAT(list.not_text, SizeIs(1));
}

TEST(FileBeginning, AShortFileIsNotTakenForTheOneBefore) {
  const TemporaryDirectory directory;
  const std::vector<std::string> paths = {directory.write("a.gz", "\x1F\x8B\x08..."),
                                          directory.write("short", "\x1F"), directory.write("empty", "")};
  const io::FileList list = io::list_files(paths);
  EXPECT_THAT(list.files, SizeIs(2));
  EXPECT_THAT(list.not_text, ElementsAre(HasSubstr("a.gz is compressed")));
}

TEST(FileBeginning, OnlyTheFirstFilesAreShown) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("file", std::string(kMark) + std::string(100'000, 'x'));
  const std::vector<std::string> paths(1000, path);
  std::vector<std::size_t> seen;
  io::list_files(paths, [&](const std::string& name, std::span<const std::byte> bytes) {
    EXPECT_EQ(name, path);
    seen.push_back(bytes.size());
  });
  ASSERT_THAT(seen, SizeIs(64));
  EXPECT_EQ(std::ranges::max(seen), kBeginningBytes - kMark.size());
}

}  // namespace
}  // namespace millrace::testing::file_beginning_test
