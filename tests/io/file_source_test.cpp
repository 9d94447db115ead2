// Files whole, in ranges and many at a time.
// SPDX-License-Identifier: Apache-2.0
#include "io/file_source.h"

#include <gmock/gmock.h>

#include <millrace/error.h>

#include "io/file_list.h"
#include "tests/io/source_contract.h"
#include "tests/io/temporary_directory.h"

namespace millrace::testing {
namespace {

using io::FilePart;
using io::FileSource;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

OpenedSources open_files(const std::vector<std::string>& contents, const SourceOptions& options,
                         std::uint64_t smallest = 1) {
  const auto directory = std::make_shared<TemporaryDirectory>();
  std::vector<std::string> paths;
  for (const std::string& content : contents)
    paths.push_back(directory->write("file" + std::to_string(paths.size()), content));
  OpenedSources opened;
  const io::FileList list = io::list_files(paths);
  EXPECT_TRUE(list.problems.empty());
  for (auto& share : io::share_out(list.files, options.readers, smallest))
    opened.sources.push_back(std::make_unique<FileSource>(share, options.framing));
  opened.keeps = directory;
  return opened;
}

OpenedSources open_file(const std::string& content, const SourceOptions& options) {
  return open_files({content}, options);
}

OpenedSources open_ranges(const std::string& content, SourceOptions options) {
  options.readers = 5;
  return open_files({content}, options);
}

INSTANTIATE_TEST_SUITE_P(File, SourceContract,
                         ::testing::Values(SourceCase{"Whole", open_file}, SourceCase{"Ranges", open_ranges}),
                         case_name);

TEST(FileSource, RangesOwnTheRecordsThatStartInThem) {
  std::mt19937 random(3);
  for (int round = 0; round < 100; ++round) {
    std::string content;
    const std::size_t length = random() % 60;
    while (content.size() < length) content += "ab\n "[random() % 4];
    for (const auto kind : {Framing::Kind::newline, Framing::Kind::whitespace}) {
      SourceOptions options{{kind, 20}, static_cast<unsigned>(1 + random() % 9)};
      const PlainRecords plain = plain_records(content, options.framing);
      const Drained drained = drain(open_files({content}, options).sources, 1 + random() % 70);
      ASSERT_EQ(drained.bytes, plain.bytes()) << content;
      ASSERT_EQ(drained.oversized, plain.oversized) << content;
    }
  }
}

TEST(FileSource, FilesAreDealtOutInOrder) {
  std::vector<std::string> contents;
  std::string all;
  for (int i = 0; i < 40; ++i) {
    contents.push_back(std::string(static_cast<std::size_t>(i * i % 50), 'x') + "\nend " + std::to_string(i));
    all += contents.back() + '\n';
  }
  contents[7].clear();
  contents.insert(contents.begin() + 8, std::string());
  all = {};
  for (const std::string& content : contents) all += plain_records(content, {}).bytes();
  for (const unsigned readers : {1U, 2U, 3U, 7U, 100U}) {
    for (const std::uint64_t smallest : {1U, 30U, 100000U}) {
      const OpenedSources opened = open_files(contents, {{}, readers}, smallest);
      EXPECT_LE(opened.sources.size(), readers);
      EXPECT_EQ(drain(opened.sources, 64).bytes, all);
    }
  }
}

FilePart file_of(std::uint64_t size, const std::string& name) {
  return {name, name, 0, size, size, false, nullptr};
}

TEST(ShareOut, ALargeFileIsCutAndSmallOnesStayWhole) {
  const auto shares = io::share_out({file_of(100, "a"), file_of(100, "b"), file_of(1000, "c")}, 3, 50);
  ASSERT_EQ(shares.size(), 3U);
  std::vector<std::string> names;
  for (const auto& share : shares)
    for (const FilePart& part : share) names.push_back(part.partition);
  EXPECT_THAT(names, ElementsAre("a", "b", "c@0-201", "c@201-602", "c@602-1000"));
}

TEST(ShareOut, NobodyGetsNothing) {
  EXPECT_EQ(io::share_out({file_of(10, "a")}, 8, 50).size(), 1U);
  EXPECT_TRUE(io::share_out({}, 8).empty());
}

TEST(FileSource, ReportsWhatThereIsToRead) {
  const OpenedSources opened = open_files({"12345", "678"}, {});
  EXPECT_EQ(opened.sources[0]->bytes_total(), 8U);
}

TEST(FileSource, AFileThatShrinksIsAnError) {
  const OpenedSources opened = open_file(std::string(1000, '\n'), {});
  const auto& directory = *static_cast<TemporaryDirectory*>(opened.keeps.get());
  std::vector<std::byte> into(500);
  EXPECT_EQ(opened.sources[0]->read(into, nullptr, in(0s)).bytes, 500U);
  std::filesystem::resize_file(directory.path() / "file0", 600);
  try {
    opened.sources[0]->read(into, nullptr, in(0s));
    FAIL() << "no error";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("file0: it became shorter"));
  }
}

TEST(FileSource, WhatIsAppendedLaterIsNotRead) {
  const OpenedSources opened = open_file("one\ntw", {});
  const auto& directory = *static_cast<TemporaryDirectory*>(opened.keeps.get());
  std::ofstream(directory.path() / "file0", std::ios::app) << "o\nthree\n";
  EXPECT_EQ(drain(*opened.sources[0], 4).bytes, "one\ntw\n");
}

TEST(FileSource, AFileThatVanishedIsAnErrorWithItsPath) {
  const OpenedSources opened = open_file("one\n", {});
  const auto& directory = *static_cast<TemporaryDirectory*>(opened.keeps.get());
  std::filesystem::remove(directory.path() / "file0");
  std::vector<std::byte> into(10);
  try {
    opened.sources[0]->read(into, nullptr, in(0s));
    FAIL() << "no error";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("file0: No such file or directory"));
  }
}

TEST(FileSource, APositionBehindTheFileIsRefused) {
  const OpenedSources opened = open_file("one\n", {});
  Offsets position = opened.sources[0]->position();
  position[0].next = 99;
  EXPECT_THROW(opened.sources[0]->seek(position), IoError);
}

TEST(FileList, PatternsStandForFilesInOrder) {
  const TemporaryDirectory directory;
  directory.write("b.txt", "b");
  directory.write("a.txt", "a");
  directory.write("deep.txt/inside", "");
  directory.write("what?", "");
  const std::string base = directory.path().string() + '/';
  const io::FileList list =
      io::list_files(std::vector<std::string>{base + "*.txt", base + "what?", base + "a.txt"});
  std::vector<std::string> names;
  for (const FilePart& file : list.files) names.push_back(file.partition.substr(base.size()));
  EXPECT_THAT(names, ElementsAre("a.txt", "b.txt", "what?", "a.txt#2"));
  EXPECT_TRUE(list.problems.empty());
}

TEST(FileList, AllProblemsAreToldAtOnce) {
  const TemporaryDirectory directory;
  directory.write("folder/inside", "");
  const std::string base = directory.path().string();
  const io::FileList list = io::list_files(
      std::vector<std::string>{base + "/missing", base, base + "/*.none", base + "/x/y", base + "/fold*"});
  EXPECT_THAT(list.problems,
              ElementsAre("cannot read " + base + "/missing: No such file or directory",
                          "cannot read " + base + ": is a directory; name its files, as in " + base + "/*",
                          "cannot read " + base + "/*.none: no file matches this pattern",
                          "cannot read " + base + "/x/y: No such file or directory",
                          "cannot read " + base + "/fold*: no file matches this pattern"));
}

TEST(FileList, FilesOfUnknownSizeAreStreams) {
  const io::FileList list = io::list_files(std::vector<std::string>{"/proc/self/status", "/dev/null"});
  EXPECT_THAT(list.streams, ElementsAre("/proc/self/status", "/dev/null"));
}

}  // namespace
}  // namespace millrace::testing
