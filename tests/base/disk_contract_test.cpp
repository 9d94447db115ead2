// What every disk does for those who write and read files, be it the real one or the one in memory.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/disk.h>

#include <gmock/gmock.h>
#include <millrace/testing/fake_disk.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <millrace/error.h>

#include "tests/io/temporary_directory.h"

namespace millrace::testing::disk_contract_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Path = std::filesystem::path;

/// A disk with a directory in which nothing is.
struct OpenedDisk {
  std::shared_ptr<void> keeps;
  Disk& disk;
  Path root;
  std::function<std::optional<unsigned>(const Path&)> permissions;
};

struct DiskCase {
  const char* name;
  OpenedDisk (*open)();
};

OpenedDisk open_real() {
  const auto directory = std::make_shared<TemporaryDirectory>();
  const auto permissions = [](const Path& path) -> std::optional<unsigned> {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
    return status.st_mode & 07777U;
  };
  return {directory, real_disk(), directory->path(), permissions};
}

OpenedDisk open_fake() {
  const auto disk = std::make_shared<FakeDisk>();
  disk->create_directories("/disk", {});
  const auto permissions = [&disk = *disk](const Path& path) { return disk.permissions(path); };
  return {disk, *disk, "/disk", permissions};
}

void add(DiskFile& file, std::string_view text) {
  file.write(std::as_bytes(std::span(text)));
}

std::string read(const DiskReader& reader, std::uint64_t offset, std::size_t size) {
  std::string text(size, '?');
  text.resize(reader.read_at(offset, std::as_writable_bytes(std::span(text))));
  return text;
}
std::string read(const DiskReader& reader) {
  return read(reader, 0, reader.size());
}

class DiskContract : public ::testing::TestWithParam<DiskCase> {
 protected:
  ~DiskContract() override { ::umask(umask_before_); }

  Path path(const char* name) const { return opened_.root / name; }
  void put(const char* name, std::string_view text) { add(*disk_.create(path(name), {}), text); }
  std::string text_of(const char* name) {
    const auto reader = disk_.open(path(name));
    return reader ? read(*reader) : "no file";
  }

  OpenedDisk opened_ = GetParam().open();
  Disk& disk_ = opened_.disk;
  mode_t umask_before_ = ::umask(022);
};

TEST_P(DiskContract, WhatIsWrittenCanBeReadFromAnywhere) {
  const auto file = disk_.create(path("file"), {});
  add(*file, "hello,");
  add(*file, " world");
  const auto reader = disk_.open(path("file"));
  ASSERT_NE(reader, nullptr);
  EXPECT_EQ(reader->size(), 12U);
  EXPECT_EQ(read(*reader), "hello, world");
  EXPECT_EQ(read(*reader, 7, 3), "wor");
  EXPECT_EQ(read(*reader, 7, 100), "world") << "fewer where the file ends";
  EXPECT_EQ(read(*reader, 12, 1), "");
  EXPECT_EQ(read(*reader, 1'000, 1), "");
  EXPECT_EQ(read(*reader, 0, 0), "");
}

TEST_P(DiskContract, WhereThereIsNoFileThereIsNothingToOpen) {
  EXPECT_EQ(disk_.open(path("nothing")), nullptr);
  EXPECT_EQ(disk_.open(path("nowhere/nothing")), nullptr);
  disk_.create_directories(path("directory"), {});
  EXPECT_THROW(disk_.open(path("directory")), IoError);
}

// As a log makes its segments: whole with the first frame, then appended to under the name that readers know.
TEST_P(DiskContract, AFileThatHasGotItsNameIsAppendedTo) {
  const auto file = disk_.create(path("new"), {.exclusive = true, .owner_only = true, .temporary = true});
  add(*file, "first");
  file->sync();
  disk_.rename(path("new"), path("segment"));
  disk_.sync_directory(opened_.root);
  EXPECT_TRUE(file->is_at(path("segment")));
  const auto reader = disk_.open(path("segment"));
  add(*file, ", second");
  file->sync();
  EXPECT_EQ(read(*reader), "first, second");
  EXPECT_EQ(text_of("new"), "no file");
  EXPECT_EQ(opened_.permissions(path("segment")), 0600U);
}

TEST_P(DiskContract, WhatWasRemovedOrReplacedCanBeReadByWhoHasItOpen) {
  put("old", "old");
  put("replaced", "replaced");
  put("new", "new");
  const auto old = disk_.open(path("old"));
  const auto replaced = disk_.open(path("replaced"));
  disk_.remove(path("old"));
  disk_.rename(path("new"), path("replaced"));
  EXPECT_EQ(read(*old), "old");
  EXPECT_EQ(read(*replaced), "replaced");
  EXPECT_EQ(text_of("replaced"), "new");
  EXPECT_THAT(disk_.list(opened_.root), ElementsAre("replaced"));
}

TEST_P(DiskContract, CreatingTruncatesTheFileThatIsThere) {
  put("file", "what was there");
  const auto reader = disk_.open(path("file"));
  const auto file = disk_.create(path("file"), {.owner_only = true});
  EXPECT_TRUE(file->is_at(path("file")));
  EXPECT_EQ(reader->size(), 0U) << "it is the same file";
  add(*file, "new");
  EXPECT_EQ(read(*reader), "new");
  EXPECT_EQ(opened_.permissions(path("file")), 0644U) << "with its permissions";
  EXPECT_EQ(disk_.create(path("file"), {.exclusive = true}), nullptr);
  EXPECT_EQ(text_of("file"), "new");
}

TEST_P(DiskContract, ALockIsHeldByOneAndKnowsItsName) {
  EXPECT_EQ(disk_.lock(path("LOCK")), nullptr) << "there is no such name";
  ASSERT_NE(disk_.create(path("LOCK"), {.exclusive = true, .owner_only = true}), nullptr);
  for (const Path& name : {path("LOCK"), opened_.root}) {
    auto lock = disk_.lock(name);
    ASSERT_NE(lock, nullptr) << name;
    EXPECT_TRUE(lock->exclusive());
    EXPECT_TRUE(lock->is_at(name));
    EXPECT_FALSE(lock->is_at(path("another")));
    EXPECT_EQ(disk_.lock(name), nullptr) << name;
    lock.reset();
    EXPECT_NE(disk_.lock(name), nullptr) << name;
  }
  const auto lock = disk_.lock(path("LOCK"));
  disk_.remove(path("LOCK"));
  EXPECT_FALSE(lock->is_at(path("LOCK")));
  put("LOCK", "");
  EXPECT_FALSE(lock->is_at(path("LOCK"))) << "that is another file";
  EXPECT_NE(disk_.lock(path("LOCK")), nullptr);
}

TEST_P(DiskContract, DirectoriesAreMadeAsDeepAsNeededAndTheLastIsTheOwnersWhereThatIsAsked) {
  EXPECT_THAT(disk_.create_directories(path("a/b"), {}), ElementsAre(path("a"), path("a/b")));
  EXPECT_EQ(opened_.permissions(path("a/b")), 0755U);
  EXPECT_THAT(disk_.create_directories(path("c/d/"), {.owner_only = true}),
              ElementsAre(path("c"), path("c/d")));
  EXPECT_EQ(opened_.permissions(path("c")), 0755U);
  EXPECT_EQ(opened_.permissions(path("c/d")), 0700U);
  EXPECT_THAT(disk_.create_directories(path("a/b"), {.owner_only = true}), IsEmpty());
  EXPECT_EQ(opened_.permissions(path("a/b")), 0755U) << "what is there stays as it is";
  put("file", "");
  EXPECT_THROW(disk_.create_directories(path("file/a"), {}), IoError);
  EXPECT_THROW(disk_.remove_directory(path("a")), IoError) << "it is not empty";
  disk_.remove_directory(path("a/b"));
  disk_.remove_directory(path("a"));
  EXPECT_THROW(disk_.remove_directory(path("a")), IoError);
  EXPECT_EQ(disk_.names_of(path("a")), 0U);
  EXPECT_NE(disk_.names_of(path("c")), 0U);
}

TEST_P(DiskContract, FilesHaveTheRightsThatTheyWereMadeWith) {
  disk_.create(path("public"), {});
  disk_.create(path("private"), {.owner_only = true});
  EXPECT_EQ(opened_.permissions(path("public")), 0644U);
  EXPECT_EQ(opened_.permissions(path("private")), 0600U);
  EXPECT_EQ(opened_.permissions(path("nothing")), std::nullopt);
}

TEST_P(DiskContract, NamesAreListedInOrderAndCounted) {
  for (const char* name : {"seg-2", "seg-10", "snap-1", "seg-1"}) put(name, "");
  EXPECT_THAT(disk_.list(opened_.root, "seg-"), ElementsAre("seg-1", "seg-10", "seg-2"));
  EXPECT_THAT(disk_.list(path("nothing")), IsEmpty());
  EXPECT_EQ(disk_.names_of(path("snap-1")), 1U);
  EXPECT_EQ(disk_.names_of(path("nothing")), 0U);
}

TEST_P(DiskContract, WhatIsNotThereIsNeitherRenamedNorRemoved) {
  put("file", "kept");
  EXPECT_THROW(disk_.rename(path("nothing"), path("file")), IoError);
  EXPECT_THROW(disk_.remove(path("nothing")), IoError);
  EXPECT_EQ(text_of("file"), "kept");
}

INSTANTIATE_TEST_SUITE_P(All, DiskContract,
                         ::testing::Values(DiskCase{"Real", open_real}, DiskCase{"Fake", open_fake}),
                         [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace millrace::testing::disk_contract_test
