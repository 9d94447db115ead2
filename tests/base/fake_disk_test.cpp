// The disk in memory: fails when it is told to, and when the power goes it keeps what a real one might.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/testing/fake_disk.h>

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/error.h>

namespace millrace::testing::fake_disk_test {
namespace {

using ::testing::ElementsAre;

constexpr std::size_t kSector = FakeFile::kSectorBytes;
constexpr int kRounds = 2'000;

void add(DiskFile& file, std::string_view text) {
  file.write(std::as_bytes(std::span(text)));
}

/// Adds it durably, with its name.
std::unique_ptr<DiskFile> put(FakeDisk& disk, const std::string& path, std::string_view text) {
  auto file = disk.create(path, {});
  add(*file, text);
  file->sync();
  disk.sync_directory(std::filesystem::path(path).parent_path());
  return file;
}

TEST(FakeDisk, LosesLocksWithThePowerAndWhatWasNotSynced) {
  FakeDisk disk;
  const auto bytes = std::as_bytes(std::span(std::string_view("synced, and not")));
  const auto file = disk.create("dir/file", {.temporary = true});
  file->write(bytes.first(6));
  file->sync();
  file->write(bytes.subspan(6));
  disk.sync_directory("dir");
  disk.create("dir/other", {})->write(bytes);
  disk.rename("dir/file", "dir/new");
  EXPECT_EQ(disk.lock("dir/new"), nullptr) << "whoever made it holds it";
  EXPECT_EQ(disk.contents("dir/new"), "synced, and not");
  const auto directory = disk.lock("dir");
  ASSERT_NE(directory, nullptr);
  EXPECT_EQ(disk.lock("dir"), nullptr);
  disk.crash();
  EXPECT_NE(disk.lock("dir"), nullptr);
  EXPECT_EQ(disk.contents("dir/file"), "synced");
  EXPECT_EQ(disk.contents("dir/new"), std::nullopt) << "the directory was not synced since";
  EXPECT_EQ(disk.contents("dir/other"), std::nullopt);
  EXPECT_NE(disk.lock("dir/file"), nullptr) << "nobody holds a lock after that";
}

TEST(FakeDisk, FailsWhenItIsToldTo) {
  FakeDisk disk;
  disk.fail_after(2);
  EXPECT_NE(disk.create("a", {}), nullptr);
  EXPECT_THROW(disk.create("b", {}), IoError);
  EXPECT_NE(disk.create("c", {}), nullptr) << "later ones work again";
  disk.fail_from(2);
  EXPECT_NO_THROW(disk.remove("a"));
  for (int i = 0; i < 3; ++i) EXPECT_THROW(disk.remove("c"), IoError);
  disk.fail_after(0);
  EXPECT_EQ(disk.list("."), (std::vector<std::string>{"c"}));
  EXPECT_EQ(disk.operations(), 8U) << "also those that failed";
}

TEST(FakeDisk, HasNamesLinksAndDirectories) {
  FakeDisk disk;
  disk.take_names(1);
  EXPECT_EQ(disk.create("d/a", {.exclusive = true}), nullptr);
  EXPECT_NE(disk.create("d/a", {.exclusive = true, .owner_only = true}), nullptr);
  EXPECT_EQ(disk.create("./d/a", {.exclusive = true}), nullptr);
  EXPECT_EQ(disk.permissions("d/a"), 0600U);
  const auto other = disk.create("d/b", {});
  EXPECT_EQ(disk.permissions("d/b"), 0644U);
  other->take_rights_of("d/a");
  EXPECT_EQ(disk.permissions("d/b"), 0600U);
  other->take_rights_of("d/nothing");
  EXPECT_EQ(disk.permissions("d/b"), 0644U);
  disk.link("d/b", "d/c");
  EXPECT_EQ(disk.names_of("d/c"), 2U);
  EXPECT_EQ(disk.names_of("d"), 1U);
  EXPECT_EQ(disk.names_of("e"), 0U);
  EXPECT_EQ(disk.list("d", "b"), (std::vector<std::string>{"b"}));
  EXPECT_TRUE(other->is_at("d/c"));
  EXPECT_FALSE(other->is_at("d/a"));
  EXPECT_THROW(disk.remove("d/nothing"), IoError);
  EXPECT_THROW(disk.rename("d/nothing", "d/b"), IoError);
  EXPECT_THROW(disk.remove_directory("d"), IoError) << "it is not empty";
  EXPECT_TRUE(disk.create_directories("d", {}).empty()) << "it is there";
  EXPECT_EQ(disk.create_directories("e/", {}).size(), 1U);
  EXPECT_TRUE(disk.has_directory("e"));
  disk.remove_directory("e");
  EXPECT_FALSE(disk.has_directory("e"));
}

TEST(FakeDisk, GivesLocksThatKeepNobodyOutWhereThereAreNone) {
  FakeDisk disk;
  const auto file = disk.create("file", {.temporary = true});
  EXPECT_EQ(disk.lock("file"), nullptr);
  disk.forget_locks();
  const auto lock = disk.lock("file");
  ASSERT_NE(lock, nullptr);
  EXPECT_FALSE(lock->exclusive());
}

TEST(FakeDisk, AWriteThatFailsHasWrittenItsFirstHalf) {
  FakeDisk disk;
  const auto file = disk.create("file", {});
  add(*file, "whole,");
  disk.fail_after(1);
  EXPECT_THROW(add(*file, "halves"), IoError);
  EXPECT_EQ(disk.contents("file"), "whole,hal");
}

TEST(FakeDisk, ReadingFailsWhenItIsToldTo) {
  FakeDisk disk;
  put(disk, "d/file", "text");
  disk.fail_after(1);
  EXPECT_THROW(disk.open("d/file"), IoError);
  const auto reader = disk.open("d/file");
  std::string text(4, '?');
  disk.fail_from(1);
  EXPECT_THROW(reader->size(), IoError);
  EXPECT_THROW(reader->read_at(0, std::as_writable_bytes(std::span(text))), IoError);
  EXPECT_EQ(text, "????");
}

TEST(FakeDisk, WhatAFailedSyncLostNoLaterOneMakesDurable) {
  for (const bool any_operation : {false, true}) {
    FakeDisk disk;
    const auto file = put(disk, "d/file", "first,");
    add(*file, "lost,");
    if (any_operation)
      disk.fail_after(1);
    else
      disk.fail_sync_after(1);
    EXPECT_THROW(file->sync(), IoError);
    EXPECT_NO_THROW(file->sync()) << "it lies";
    EXPECT_EQ(disk.contents("d/file"), "first,lost,") << "from the page cache";
    add(*file, "last");
    file->sync();
    disk.crash();
    EXPECT_EQ(disk.contents("d/file"), "first," + std::string(5, '\0') + "last");
  }
}

TEST(FakeDisk, TheSyncThatIsToldToFailDoesAndNoOther) {
  FakeDisk disk;
  const auto file = disk.create("d/file", {});
  disk.fail_sync_after(2);
  EXPECT_NO_THROW(disk.sync_directory("d"));
  EXPECT_NO_THROW(file->sync());
  EXPECT_THROW(file->sync(), IoError);
  EXPECT_NO_THROW(file->sync());
  disk.fail_sync_after(1);
  disk.fail_sync_after(0);
  EXPECT_NO_THROW(file->sync());
}

/// A letter for each sector from `begin` on: the one that it is full of, '-' for zeros.
std::string sectors(const std::string& text, std::size_t begin) {
  std::string letters;
  for (std::size_t at = begin; at < text.size(); at += kSector) {
    const std::string sector = text.substr(at, kSector);
    EXPECT_EQ(sector, std::string(sector.size(), sector[0])) << "a sector is whole";
    letters += sector[0] == '\0' ? '-' : sector[0];
  }
  return letters;
}

TEST(FakeDisk, AnySectorsOutliveThePowerAndAnyLengthButNothingDurableIsLost) {
  const std::string durable(kSector + 100, 'd');
  const std::size_t whole = 6 * kSector;
  std::mt19937_64 random(1);
  std::set<std::string> seen;
  std::set<std::size_t> sizes;
  for (int round = 0; round < kRounds; ++round) {
    FakeDisk disk;
    const auto file = put(disk, "d/file", durable);
    add(*file, std::string(whole - durable.size(), 'n'));
    disk.crash(random);
    const std::string text = disk.contents("d/file").value_or("none");
    EXPECT_EQ(text.substr(0, durable.size()), durable);
    EXPECT_LE(text.size(), whole);
    seen.insert(sectors(text, 2 * kSector));
    sizes.insert(text.size());
    disk.crash(random);
    EXPECT_EQ(disk.contents("d/file"), text) << "what is left is durable";
  }
  EXPECT_THAT(seen, ::testing::IsSupersetOf({"", "nnnn", "----", "n--n", "-nnn", "nn", "-n"}));
  EXPECT_THAT(sizes, ::testing::IsSupersetOf({durable.size(), whole}));
  EXPECT_GT(sizes.size(), 100U) << "and what lies between";
}

TEST(FakeDisk, OfAFileThatIsWrittenAnewSectorsAreOldOrNew) {
  std::mt19937_64 random(2);
  std::set<std::string> seen;
  for (int round = 0; round < kRounds; ++round) {
    FakeDisk disk;
    put(disk, "d/file", std::string(2 * kSector, 'o'));
    add(*disk.create("d/file", {}), std::string(2 * kSector, 'n'));
    disk.crash(random);
    seen.insert(sectors(disk.contents("d/file").value_or("none"), 0));
  }
  EXPECT_THAT(seen, ElementsAre("nn", "no", "on", "oo"));
}

TEST(FakeDisk, AnyNamesOutliveThePowerLaterOnesWithoutEarlierOnes) {
  std::mt19937_64 random(3);
  std::set<std::vector<std::string>> seen;
  for (int round = 0; round < kRounds; ++round) {
    FakeDisk disk;
    put(disk, "d/durable", "");
    for (const char* name : {"d/0", "d/1", "d/2"}) disk.create(name, {});
    disk.crash(random);
    std::vector<std::string> left = disk.list("d");
    EXPECT_EQ(std::erase(left, "durable"), 1U);
    seen.insert(left);
  }
  EXPECT_EQ(seen.size(), 8U);
}

TEST(FakeDisk, ARenameIsWholeAndChangesOfOneNameComeInTheirOrder) {
  std::mt19937_64 random(4);
  std::set<std::string> seen;
  for (int round = 0; round < kRounds; ++round) {
    FakeDisk disk;
    put(disk, "d/a", "first");
    disk.rename("d/a", "d/b");
    put(disk, "e/new", "second");
    disk.rename("e/new", "d/a");
    disk.crash(random);
    std::string names;
    for (const char* name : {"d/a", "d/b", "e/new"}) names += disk.contents(name).value_or("none") + ' ';
    seen.insert(names);
  }
  EXPECT_THAT(seen, ElementsAre("first none second ", "none first second ", "second first none "));
}

TEST(FakeDisk, ASyncedNameIsThereWithWhatItBuildsOn) {
  FakeDisk disk;
  put(disk, "d/a", "first");
  put(disk, "e/x", "second");
  disk.rename("e/x", "f/y");
  disk.rename("d/a", "e/x");
  disk.create("f/other", {});
  disk.sync_directory("d");
  disk.crash();
  EXPECT_EQ(disk.contents("e/x"), "first");
  EXPECT_EQ(disk.contents("f/y"), "second") << "it would be lost";
  EXPECT_THAT(disk.list("d"), ElementsAre());
  EXPECT_THAT(disk.list("f"), ElementsAre("y"));
}

}  // namespace
}  // namespace millrace::testing::fake_disk_test
