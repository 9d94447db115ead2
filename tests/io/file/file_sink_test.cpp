// Files appear whole or not at all, keep their rights and leave nothing behind, on a disk that fails.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/file_sink.h"

#include <gmock/gmock.h>
#include <millrace/testing/fake_disk.h>

#include <random>

#include <millrace/error.h>

#include "tests/io/rows.h"

namespace millrace::testing::file_sink_test {
namespace {

using io::FileSink;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

const std::string kOld = "what was there\n";
const Rows kRows = rows_of(1, 5);
const JobId kJob{"a", 1};

void put(FakeDisk& disk, const std::string& path, const std::string& text, bool owner_only = false) {
  const auto file = disk.create(path, {.owner_only = owner_only});
  file->write(std::as_bytes(std::span(text)));
  file->sync();
  disk.sync_directory(std::filesystem::path(path).parent_path());
}

FileSink file_sink(FakeDisk& disk, OnEvent on_event = {}) {
  return {count_layout(), "d/out.txt", FileSink::Kind::file, disk, std::move(on_event)};
}

FileSink directory_sink(FakeDisk& disk) {
  return {count_layout(), "d", FileSink::Kind::directory, disk};
}

void write_epoch(Sink& sink, const Epoch& epoch = {{1}}) {
  sink.begin(epoch);
  sink.write(kRows.aggregates());
  sink.finish(epoch);
}

/// Keeps the texts of warnings.
struct Told {
  std::vector<std::string> texts;
  OnEvent listener() {
    return [this](const Event& event) { texts.push_back(event.text); };
  }
};

TEST(FileSink, WhatIsNotYetCompleteIsHiddenPrivateAndLocked) {
  FakeDisk disk;
  FileSink sink = file_sink(disk);
  sink.begin({{1}});
  const std::vector<std::string> names = disk.list("d");
  ASSERT_THAT(names, ElementsAre(MatchesRegex("\\.out\\.txt\\.millrace-[0-9a-f]{8}\\.tmp")));
  EXPECT_EQ(disk.permissions("d/" + names[0]), 0600U);
  EXPECT_EQ(disk.lock("d/" + names[0]), nullptr);
  sink.finish({1});
  EXPECT_EQ(disk.permissions("d/out.txt"), 0644U);
}

TEST(FileSink, ANameThatIsTakenIsNotUsed) {
  FakeDisk disk;
  disk.take_names(3);
  FileSink sink = file_sink(disk);
  write_epoch(sink);
  EXPECT_EQ(disk.contents("d/out.txt"), kRows.text());
  disk.take_names(1000);
  EXPECT_THROW(sink.begin({{2}}), IoError);
}

TEST(FileSink, AReplacedFileKeepsItsPermissions) {
  FakeDisk disk;
  put(disk, "d/out.txt", kOld, true);
  FileSink sink = file_sink(disk);
  write_epoch(sink);
  EXPECT_EQ(disk.contents("d/out.txt"), kRows.text());
  EXPECT_EQ(disk.permissions("d/out.txt"), 0600U);
}

TEST(FileSink, APartialResultReplacesNothing) {
  for (const bool there : {true, false}) {
    FakeDisk disk;
    if (there) put(disk, "d/out.txt", kOld, true);
    Told told;
    FileSink sink = file_sink(disk, told.listener());
    write_epoch(sink, {.id = {1}, .partial = true});
    EXPECT_EQ(disk.contents("d/out.txt"), there ? std::optional(kOld) : std::nullopt);
    EXPECT_EQ(disk.contents("d/out.txt.partial"), kRows.text());
    EXPECT_EQ(disk.permissions("d/out.txt.partial"), there ? 0600U : 0644U) << "nobody sees more than before";
    ASSERT_THAT(told.texts, ElementsAre(HasSubstr("d/out.txt.partial")));
    EXPECT_EQ(told.texts[0].ends_with("d/out.txt is as it was"), there);
  }
}

TEST(FileSink, APartialEpochOfADirectoryIsNamedSo) {
  FakeDisk disk;
  FileSink sink = directory_sink(disk);
  write_epoch(sink, {{1}});
  write_epoch(sink, {.id = {2}, .partial = true});
  EXPECT_THAT(disk.list("d"), ElementsAre("epoch-000000000001.txt", "epoch-000000000002.txt.partial"));
  EXPECT_EQ(sink.open(kJob), Shown{{2}});

  RowLayout windows = count_layout();
  windows.windowed = true;
  FileSink whole(windows, "w", FileSink::Kind::directory, disk);
  whole.begin({.id = {1}, .partial = true});
  whole.finish({1});
  EXPECT_THAT(disk.list("w"), ElementsAre("epoch-000000000001.txt")) << "a window holds what arrived in it";
}

TEST(FileSink, AFileWithMoreNamesIsReplacedUnderOneAndThatIsTold) {
  FakeDisk disk;
  put(disk, "d/out.txt", kOld);
  disk.link("d/out.txt", "d/other");
  Told told;
  FileSink sink = file_sink(disk, told.listener());
  write_epoch(sink);
  write_epoch(sink, {{2}});
  EXPECT_EQ(disk.contents("d/out.txt"), kRows.text());
  EXPECT_EQ(disk.contents("d/other"), kOld);
  EXPECT_THAT(told.texts, ElementsAre(HasSubstr("hard links")));
}

TEST(FileSink, OfAPartialResultItsOwnOtherNamesAreTold) {
  for (const bool is_whole : {false, true}) {
    FakeDisk disk;
    const std::string linked = is_whole ? "d/out.txt" : "d/out.txt.partial";
    put(disk, linked, kOld);
    disk.link(linked, "d/other");
    Told told;
    FileSink sink = file_sink(disk, told.listener());
    write_epoch(sink, {.id = {1}, .partial = true});
    if (is_whole)
      EXPECT_THAT(told.texts, ElementsAre(HasSubstr("partial rows"))) << "the whole one is as it was";
    else
      EXPECT_THAT(told.texts, ElementsAre(HasSubstr("hard links"), HasSubstr("partial rows")));
  }
}

TEST(FileSink, OnlyLeftOversOfTheSameOutputAreRemovedAndOnlyUnlocked) {
  FakeDisk disk;
  const std::string running = "d/.out.txt.millrace-00000001.tmp";
  const auto other_job = disk.create(running, {.temporary = true});
  for (const char* name : {"d/.out.txt.millrace-00000002.tmp", "d/.out.txt2.millrace-00000003.tmp",
                           "d/.out.txt.millrace-0000000x.tmp", "d/.out.txt.millrace-00000004",
                           "d/out.txt.partial", "d/.out.txt", "d/out.txt.millrace-00000005.tmp"})
    disk.create(name, {});
  FileSink sink = file_sink(disk);
  write_epoch(sink);
  EXPECT_THAT(disk.list("d"),
              UnorderedElementsAre("out.txt", "out.txt.partial", ".out.txt", "out.txt.millrace-00000005.tmp",
                                   ".out.txt.millrace-00000001.tmp", ".out.txt2.millrace-00000003.tmp",
                                   ".out.txt.millrace-0000000x.tmp", ".out.txt.millrace-00000004"));
}

TEST(FileSink, LeftOversOfAVeryLongNameAreRemovedToo) {
  FakeDisk disk;
  const std::string name(240, 'x');
  disk.create("d/." + name.substr(0, 200) + ".millrace-00000001.tmp", {});
  FileSink sink(count_layout(), "d/" + name, FileSink::Kind::file, disk);
  write_epoch(sink);
  EXPECT_THAT(disk.list("d"), ElementsAre(name));
}

TEST(FileSink, TheLastEpochHasTheGreatestNumberOfAllNamesThatHaveOne) {
  FakeDisk disk;
  for (const char* name : {"epoch-000000000042.txt", "epoch-7.txt", "epoch-000000000099",
                           "epoch-000000000098x.txt", "epoch-.txt", "epoch-notes.txt"})
    disk.create(std::string("d/") + name, {});
  EXPECT_EQ(directory_sink(disk).probe(Deadline::max()), Shown{{42}});
}

TEST(FileSink, ManyEpochsGoToADirectoryThatWasNotThereWhenItWasProbed) {
  FakeDisk disk;
  FileSink sink = directory_sink(disk);
  sink.probe(Deadline::max());
  for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) write_epoch(sink, {{epoch}});
  EXPECT_THAT(disk.list("d"), SizeIs(3));
}

TEST(FileSink, EachFileOfTablesHasHeadings) {
  FakeDisk disk;
  RowLayout tables = count_layout();
  tables.format = Format::table;
  FileSink sink(tables, "d", FileSink::Kind::directory, disk);
  for (std::uint64_t epoch = 1; epoch <= 2; ++epoch) write_epoch(sink, {{epoch}});
  EXPECT_THAT(disk.contents("d/epoch-000000000001.txt").value_or(""), StartsWith("key"));
  EXPECT_EQ(disk.contents("d/epoch-000000000002.txt"), disk.contents("d/epoch-000000000001.txt"));
}

// As one that belongs to somebody else.
TEST(FileSink, ALeftOverThatCannotBeRemovedKeepsNoOther) {
  for (std::uint64_t at = 1; at <= 3; ++at) {
    FakeDisk disk;
    for (const char* name : {"d/.out.txt.millrace-00000001.tmp", "d/.out.txt.millrace-00000002.tmp"})
      disk.create(name, {});
    disk.fail_after(at);
    FileSink sink = file_sink(disk);
    EXPECT_NO_THROW(write_epoch(sink)) << at;
    EXPECT_EQ(disk.contents("d/out.txt"), kRows.text());
    EXPECT_THAT(disk.list("d"), SizeIs(at == 1 ? 3 : 2)) << at << ": listing, locking and removing";
  }
}

TEST(FileSink, WithoutLocksNothingIsRemoved) {
  FakeDisk disk;
  disk.forget_locks();
  disk.create("d/.epoch-000000000001.txt.millrace-00000001.tmp", {});
  FileSink sink = directory_sink(disk);
  sink.probe(Deadline::max());
  write_epoch(sink);
  EXPECT_THAT(disk.list("d"),
              ElementsAre(".epoch-000000000001.txt.millrace-00000001.tmp", "epoch-000000000001.txt"));
}

TEST(FileSink, TheLastWholeOneOfTwoJobsWins) {
  FakeDisk disk;
  FileSink first = file_sink(disk);
  FileSink second = file_sink(disk);
  first.begin({{1}});
  second.begin({{1}});
  first.write(rows_of(1, 3).aggregates());
  second.write(rows_of(2, 3).aggregates());
  second.finish({1});
  EXPECT_EQ(disk.contents("d/out.txt"), rows_of(2, 3).text());
  first.finish({1});
  EXPECT_EQ(disk.contents("d/out.txt"), rows_of(1, 3).text());
  EXPECT_THAT(disk.list("d"), ElementsAre("out.txt"));
}

TEST(FileSink, ADirectoryBelongsToOneJob) {
  FakeDisk disk;
  {
    FileSink first = directory_sink(disk);
    write_epoch(first);
    FileSink second = directory_sink(disk);
    EXPECT_THROW(second.begin({{1}}), ConfigError);
    second.abandon({1});
    EXPECT_EQ(disk.contents("d/epoch-000000000001.txt"), kRows.text());
    write_epoch(first, {{2}});
  }
  FileSink third = directory_sink(disk);
  write_epoch(third, {{3}});
  EXPECT_THAT(disk.list("d"), SizeIs(3));
}

TEST(FileSink, ADirectoryThatAnotherJobFilledMeanwhileIsRefused) {
  FakeDisk disk;
  FileSink late = directory_sink(disk);
  late.probe(Deadline::max());
  {
    FileSink first = directory_sink(disk);
    write_epoch(first);
  }
  EXPECT_THROW(late.begin({{1}}), ConfigError);
  EXPECT_THAT(disk.list("d"), ElementsAre("epoch-000000000001.txt"));
}

TEST(FileSink, WhatOpeningMadeGoesIfNothingCameIntoIt) {
  FakeDisk disk;
  directory_sink(disk).open(kJob);
  EXPECT_FALSE(disk.has_directory("d"));
  {
    FileSink sink = directory_sink(disk);
    sink.open(kJob);
    EXPECT_TRUE(disk.has_directory("d"));
    FileSink another = directory_sink(disk);
    EXPECT_THROW(another.open(kJob), ConfigError);
  }
  EXPECT_FALSE(disk.has_directory("d"));
  for (std::uint64_t at = 1;; ++at) {
    FakeDisk failing;
    failing.fail_after(at);
    try {
      FileSink sink = directory_sink(failing);
      sink.open(kJob);
      write_epoch(sink);
    } catch (const IoError&) {
      // The directory is looked at below.
    }
    if (failing.operations() < at) break;
    failing.fail_after(0);
    const auto names = failing.list("d");
    EXPECT_EQ(failing.has_directory("d"), !names.empty()) << "operation " << at;
    EXPECT_TRUE(names.empty() || names == std::vector<std::string>{"epoch-000000000001.txt"});
  }
  put(disk, "d/somebodys", "");
  directory_sink(disk).open(kJob);
  EXPECT_THAT(disk.list("d"), ElementsAre("somebodys"));
}

TEST(FileSink, EveryFailureLeavesTheOldOrTheNewFileAndNothingElse) {
  for (std::uint64_t at = 1;; ++at) {
    FakeDisk disk;
    put(disk, "d/out.txt", kOld);
    disk.create("d/.out.txt.millrace-00000001.tmp", {});
    const std::uint64_t before = disk.operations();
    disk.fail_after(at);
    try {
      FileSink sink = file_sink(disk);
      sink.probe(Deadline::max());
      write_epoch(sink);
    } catch (const IoError&) {
      // The file is looked at below.
    }
    const bool failed = disk.operations() >= before + at;
    disk.fail_after(0);
    const auto text = disk.contents("d/out.txt");
    EXPECT_TRUE(text == kOld || text == kRows.text()) << "operation " << at;
    auto names = disk.list("d");
    std::erase(names, ".out.txt.millrace-00000001.tmp");  // a killed job's, and the failure may have been here
    EXPECT_THAT(names, ElementsAre("out.txt")) << "operation " << at;
    if (failed) continue;
    EXPECT_GT(at, 9U) << "the failures reached all operations";
    break;
  }
}

TEST(FileSink, WhateverAKilledJobLeavesTheNextOneRemoves) {
  std::mt19937_64 random(7);
  for (std::uint64_t at = 1; at < 20; ++at) {
    for (const bool power_lost : {false, true}) {
      FakeDisk disk;
      put(disk, "d/out.txt", kOld, true);
      disk.fail_from(at);
      try {
        FileSink sink = file_sink(disk);
        write_epoch(sink);
      } catch (const IoError&) {
        // The process is no more.
      }
      disk.fail_after(0);
      if (power_lost) disk.crash(random);
      const auto text = disk.contents("d/out.txt");
      EXPECT_TRUE(text == kOld || text == kRows.text()) << "operation " << at;
      FileSink next = file_sink(disk);
      write_epoch(next);
      EXPECT_EQ(disk.contents("d/out.txt"), kRows.text());
      EXPECT_EQ(disk.permissions("d/out.txt"), 0600U);
      EXPECT_THAT(disk.list("d"), ElementsAre("out.txt")) << "operation " << at;
    }
  }
}

TEST(FileSink, WhoeverRemovesTheTemporaryFileGetsNoOtherPublished) {
  FakeDisk disk;
  put(disk, "d/out.txt", kOld);
  FileSink sink = file_sink(disk);
  sink.begin({{1}});
  for (const std::string& name : disk.list("d"))
    if (name.starts_with('.')) {
      disk.remove("d/" + name);
      put(disk, "d/" + name, "somebody else's");
    }
  EXPECT_THROW(sink.finish({1}), IoError);
  sink.abandon({1});
  EXPECT_EQ(disk.contents("d/out.txt"), kOld);
}

}  // namespace
}  // namespace millrace::testing::file_sink_test
