// Files whole, in ranges and many at a time.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/file_source.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <ctime>
#include <set>

#include <millrace/error.h>

#include "io/file/file_list.h"
#include "tests/io/file/opened_files.h"
#include "tests/io/source_contract.h"
#include "tests/io/temporary_directory.h"

namespace millrace::testing::file_source_test {
namespace {

using io::FilePart;
using io::FileSource;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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
  return {name, name, 0, size, size};
}

std::string range_of(const FilePart& part) {
  return part.name + ' ' + std::to_string(part.begin) + '-' + std::to_string(part.end);
}

TEST(SplitFiles, ALargeFileIsCutAndSmallOnesStayWhole) {
  const auto shares = io::split_files({file_of(100, "a"), file_of(100, "b"), file_of(1000, "c")}, 3, 50);
  ASSERT_EQ(shares.size(), 3U);
  std::vector<std::string> parts;
  for (const auto& share : shares)
    for (const FilePart& part : share) parts.push_back(range_of(part));
  EXPECT_THAT(parts, ElementsAre("a 0-100", "b 0-100", "c 0-201", "c 201-602", "c 602-1000"));
}

TEST(SplitFiles, NoRangeIsSmallerThanItMayBe) {
  const auto tail = io::split_files({file_of(100, "a")}, 2, 50);
  ASSERT_THAT(tail, SizeIs(1)) << "51 and 49 bytes";
  EXPECT_EQ(range_of(tail[0][0]), "a 0-100");
  const auto head = io::split_files({file_of(30, "a"), file_of(100, "b")}, 2, 50);
  ASSERT_THAT(head, SizeIs(2));
  ASSERT_THAT(head[1], SizeIs(1)) << "not 36 bytes of it for the first reader";
  EXPECT_EQ(range_of(head[1][0]), "b 0-100");
}

TEST(SplitFiles, NobodyGetsNothing) {
  EXPECT_EQ(io::split_files({file_of(10, "a")}, 8, 50).size(), 1U);
  EXPECT_TRUE(io::split_files({}, 8).empty());
}

// Each range costs an entry in the books of marks.
TEST(SplitFiles, OfASharedFileThereAreManyRangesButNotTooMany) {
  for (const std::uint64_t size : {95U, 2'000'000U}) {
    FilePart file = file_of(size, "stdin");
    file.opened = std::make_shared<io::SharedInput>(io::Descriptor(), 0);
    std::vector<FilePart> ranges;
    for (const auto& share : io::split_files({file}, 3, 10))
      ranges.insert(ranges.end(), share.begin(), share.end());
    EXPECT_GE(ranges.size(), 4U);
    EXPECT_LE(ranges.size(), 1024U);
    std::ranges::sort(ranges, {}, &FilePart::begin);
    std::uint64_t end = 0;
    for (const FilePart& range : ranges) {
      EXPECT_EQ(range.begin, std::exchange(end, range.end));
      EXPECT_GE(range.end - range.begin, 20U);
    }
    EXPECT_EQ(end, size);
  }
}

// It may be terabytes, and can be read again.
TEST(FileSource, DrainingReadsNoMoreOfAFileThatNobodyShares) {
  const OpenedSources opened = open_files({"one\ntwo\n", "three\n"}, {});
  Drained drained;
  read_some(*opened.sources[0], 4, drained);
  EXPECT_EQ(drained.bytes, "one\n");
  EXPECT_EQ(stop(*opened.sources[0], 4).bytes, "");
  EXPECT_EQ(news_of(*opened.sources[0]), (Marks{{0, 4}, {1, 0}}));
}

TEST(FileSource, ReportsWhatThereIsToRead) {
  const OpenedSources opened = open_files({"12345", "678"}, {});
  EXPECT_EQ(opened.sources[0]->bytes_total(), 8U);
}

// They say that they have a page.
TEST(FileSource, FilesThatTheKernelMakesUpAreReadToTheirEnd) {
  const std::string path = "/sys/devices/system/cpu/online";
  std::string content;
  std::getline(std::ifstream(path), content);
  std::error_code missing;
  if (content.empty() || std::filesystem::file_size(path, missing) <= content.size() + 1)
    GTEST_SKIP() << "no such file here";
  for (const auto& framing : {Framing{Framing::Kind::newline}, Framing{Framing::Kind::whitespace}})
    for (const std::size_t room : {1U, 2U, 64U, 100000U}) {
      Told told;
      FileSource source(io::list_files(std::vector{path}).files, framing, told.listener());
      EXPECT_EQ(drain(source, room).bytes, content + '\n');
      EXPECT_THAT(told.warnings, IsEmpty());
    }
}

// Its reader has orders to look after.
TEST(FileSource, ARecordOfManyMegabytesIsSearchedInSteps) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("file", "");
  std::filesystem::resize_file(path, std::uint64_t{1} << 28);
  std::ofstream(path, std::ios::app) << "\nlast";
  for (const unsigned readers : {1U, 2U}) {
    std::uint64_t oversized = 0;
    std::string bytes;
    unsigned idle = 0;
    for (auto& share : io::split_files(io::list_files(std::vector{path}).files, readers)) {
      FileSource source(std::move(share), {});
      Drained drained;
      while (read_some(source, 1000, drained).status != ReadResult::Status::end)
        if (drained.bytes.empty()) ++idle;
      oversized += drained.oversized;
      bytes += drained.bytes;
    }
    EXPECT_EQ(bytes, "last\n");
    EXPECT_EQ(oversized, 1U);
    EXPECT_GE(idle, 10U);
  }
}

TEST(FileSource, AFileThatVanishedIsAnErrorWithItsPath) {
  const OpenedSources opened = open_file("one\n", {});
  const auto& directory = *static_cast<TemporaryDirectory*>(opened.keeps.get());
  std::filesystem::remove(directory.path() / "file0");
  std::vector<std::byte> into(10);
  try {
    opened.sources[0]->read(into, {}, in(0s));
    FAIL() << "no error";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("file0: No such file or directory"));
  }
}

// A look through all marks for each part takes minutes.
TEST(FileSource, VeryManyFilesAreFoundAtOnce) {
  std::vector<FilePart> parts;
  for (int i = 0; i < 100'000; ++i)
    parts.push_back(file_of(0, "a file with a long name, number " + std::to_string(i)));
  FileSource source(std::move(parts), {});
  const Marks marks = news_of(source);
  EXPECT_THAT(marks, SizeIs(100'000));
  const std::clock_t begin = std::clock();
  source.seek(marks);
  EXPECT_LT(std::clock() - begin, 3 * CLOCKS_PER_SEC);
  EXPECT_TRUE(drain(source, 10).bytes.empty());
  EXPECT_THAT(news_of(source), IsEmpty());
}

TEST(FileSource, APositionOutsideOfWhatIsReadIsRefused) {
  FilePart part = file_of(10, "a");
  part.begin = 4;
  FileSource source({part}, {});
  for (const std::int64_t next : {3, 11}) {
    try {
      source.seek(Marks{{0, next}});
      FAIL() << "no error";
    } catch (const IoError& error) {
      EXPECT_EQ(std::string(error.what()), "cannot go on reading a at byte " + std::to_string(next) +
                                               ": it is not the file that was read before");
    }
  }
  for (const std::int64_t next : {4, 10}) EXPECT_NO_THROW(source.seek(Marks{{0, next}}));
}

TEST(FileSource, MarksTellOfAllFilesAndThenOfThoseReadSince) {
  const OpenedSources opened = open_files({"one\n", "two\n", "three\n"}, {});
  Source& source = *opened.sources[0];
  EXPECT_TRUE(source.replayable());
  EXPECT_THAT(source.partitions(), SizeIs(3));
  EXPECT_EQ(news_of(source), (Marks{{0, 0}, {1, 0}, {2, 0}}));
  EXPECT_THAT(news_of(source), IsEmpty());
  std::vector<std::byte> into(4);
  for (const std::uint32_t file : {0U, 1U}) {
    EXPECT_EQ(source.read(into, {}, in(0s)).bytes, 4U);
    EXPECT_EQ(news_of(source), (Marks{{file, 4, true}}));
  }
  source.seek(Marks{{0, 4, true}});
  EXPECT_THAT(news_of(source), IsEmpty()) << "whoever sends it back knows";
  EXPECT_EQ(source.read(into, {}, in(0s)).bytes, 4U);
  EXPECT_EQ(news_of(source), (Marks{{1, 4, true}}));
}

// Where the search for its end stood in the file before says nothing of it.
TEST(FileSource, ALongRecordBehindAFileWithoutAnEndIsPassedAlone) {
  const OpenedSources opened =
      open_files({std::string(40, 'x'), std::string(30, 'y') + "\nz\n"}, {.framing = {.max_record_bytes = 20}});
  const Drained drained = drain(opened.sources, 10);
  EXPECT_EQ(drained.bytes, "z\n");
  EXPECT_EQ(drained.oversized, 2U);
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
  for (const FilePart& file : list.files) names.push_back(file.name.substr(base.size()));
  EXPECT_THAT(names, ElementsAre("a.txt", "b.txt", "what?", "a.txt#2"));
  EXPECT_TRUE(list.problems.empty());
}

TEST(FileList, AllProblemsAreToldAtOnce) {
  const TemporaryDirectory directory;
  directory.write("folder/inside", "");
  const std::string base = directory.path().string();
  const io::FileList list = io::list_files(
      std::vector<std::string>{base + "/missing", base, base + "/*.none", base + "/x/y", base + "/fold*"});
  EXPECT_THAT(list.problems, ElementsAre("cannot read " + base + "/missing: No such file or directory",
                                         "cannot read " + base + "/*.none: no file matches this pattern",
                                         "cannot read " + base + "/x/y: No such file or directory"));
  EXPECT_THAT(list.skipped, ElementsAre(base + ": is a directory; name its files, as in " + base + "/*",
                                        base + "/fold*: matches only directories; name their files, as in " +
                                            base + "/fold*/*"));
}

TEST(FileList, AMatchThatLeadsNowhereIsAProblem) {
  const TemporaryDirectory directory;
  const std::string base = directory.path().string();
  directory.write("a.log", "a");
  std::filesystem::create_symlink("nowhere", base + "/b.log");
  const io::FileList list = io::list_files(std::vector{base + "/*.log", base + "/b*"});
  EXPECT_THAT(list.files, SizeIs(1));
  const std::string problem = "cannot read " + base + "/b.log: No such file or directory";
  EXPECT_THAT(list.problems, ElementsAre(problem, problem));
  EXPECT_THAT(list.skipped, IsEmpty());
}

TEST(FileList, ADirectoryThatAPatternMayNotLookIntoIsSkipped) {
  namespace fs = std::filesystem;
  const TemporaryDirectory directory;
  const std::string base = directory.path().string();
  directory.write("open/a.log", "a");
  directory.write("closed/b.log", "b");
  fs::permissions(base, fs::perms::all);
  fs::permissions(base + "/closed", fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec);
  // Nothing is closed to root.
  const uid_t self = ::geteuid();
  ASSERT_EQ(::seteuid(self == 0 ? 65534 : self), 0);
  const io::FileList some = io::list_files(std::vector{base + "/*/*.log"});
  const io::FileList none = io::list_files(std::vector{base + "/closed/*.log"});
  ASSERT_EQ(::seteuid(self), 0);
  fs::permissions(base + "/closed", fs::perms::owner_all);
  EXPECT_THAT(some.files, SizeIs(1));
  EXPECT_THAT(some.problems, IsEmpty());
  EXPECT_THAT(some.skipped, ElementsAre(base + "/closed: Permission denied"));
  EXPECT_THAT(none.problems, ElementsAre("cannot read " + base + "/closed: Permission denied",
                                         HasSubstr("no file matches this pattern")));
}

TEST(FileList, NamesOfPartitionsAreDifferent) {
  const TemporaryDirectory directory;
  const std::string a = directory.write("a", "1");
  const std::string odd = directory.write("a#2", "2");
  const io::FileList list = io::list_files(std::vector{odd, a, a, a, odd});
  std::set<std::string> names;
  for (const FilePart& file : list.files) names.insert(file.name);
  EXPECT_THAT(names, SizeIs(5));
}

TEST(FileList, FilesOfUnknownSizeAreStreams) {
  const io::FileList list = io::list_files(std::vector<std::string>{"/proc/self/status", "/dev/null"});
  EXPECT_THAT(list.streams, ElementsAre("/proc/self/status", "/dev/null"));
}

}  // namespace
}  // namespace millrace::testing::file_source_test
