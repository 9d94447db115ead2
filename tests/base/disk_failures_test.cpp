// The real disk when calls fail, and when others come between two of them.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/disk.h>

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <functional>
#include <span>
#include <string>

#include <millrace/error.h>

#include "tests/io/temporary_directory.h"

namespace {

int syncs_left = -1;                   ///< that succeed; negative: all do
int locks_refused = 0;                 ///< so many are not given
int refusal = EWOULDBLOCK;             ///< what they are refused with: somebody else holds them
ssize_t write_most = -1;               ///< bytes that one call writes; negative: all
int writes_refused = 0;                ///< so many write nothing
int write_error = EINTR;               ///< what they fail with
int pauses = 0;                        ///< that were slept
std::function<void()> before_locking;  ///< what somebody else does then

}  // namespace

// They stand before the C library's.
extern "C" int fsync(int) {
  if (syncs_left < 0 || syncs_left-- > 0) return 0;
  errno = EIO;
  return -1;
}
extern "C" int flock(int file, int how) noexcept {
  static const auto real = reinterpret_cast<int (*)(int, int)>(dlsym(RTLD_NEXT, "flock"));
  if (before_locking) before_locking();
  if (locks_refused <= 0) return real(file, how);
  --locks_refused;
  errno = refusal;
  return -1;
}
extern "C" int nanosleep(const timespec*, timespec*) {
  ++pauses;
  return 0;
}
extern "C" ssize_t write(int file, const void* bytes, std::size_t size) {
  static const auto real =
      reinterpret_cast<ssize_t (*)(int, const void*, std::size_t)>(dlsym(RTLD_NEXT, "write"));
  if (writes_refused > 0) {
    --writes_refused;
    errno = write_error;
    return -1;
  }
  return real(file, bytes, write_most < 0 ? size : std::min(size, static_cast<std::size_t>(write_most)));
}

namespace millrace::testing::disk_failures_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

constexpr CreateOptions kTemporary{.exclusive = true, .owner_only = true, .temporary = true};
constexpr uid_t kAnother = 61234;

class DiskFailures : public ::testing::Test {
 protected:
  ~DiskFailures() override {
    syncs_left = -1;
    locks_refused = 0;
    refusal = EWOULDBLOCK;
    write_most = -1;
    writes_refused = 0;
    write_error = EINTR;
    before_locking = nullptr;
  }
  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
  std::vector<std::string> names() const { return disk_.list(directory_.path()); }
  struct stat status(const std::string& name) const {
    struct stat found {};
    EXPECT_EQ(::lstat(path(name).c_str(), &found), 0) << name;
    return found;
  }

  TemporaryDirectory directory_;
  Disk& disk_ = real_disk();
};

/// Runs `job` in a child process; false: it failed. What it expects is told.
bool in_child(const std::function<void()>& job) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      job();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();  // and not on to the next test, as the parent does
    }
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int ended = 0;
  return ::waitpid(child, &ended, 0) == child && ended == 0;
}

void become_another(gid_t also_of_group) {
  ASSERT_EQ(::setgroups(1, &also_of_group), 0);
  ASSERT_EQ(::setgid(kAnother), 0);
  ASSERT_EQ(::setuid(kAnother), 0);
}

TEST_F(DiskFailures, AllIsWrittenHoweverLittleACallTakes) {
  const auto file = disk_.create(path("file"), {});
  const std::string text = "ten bytes.";
  const auto bytes = std::as_bytes(std::span(text));
  write_most = 3;
  writes_refused = 2;  // a signal came
  file->write(bytes);
  EXPECT_EQ(directory_.read("file"), text);
  write_most = 0;
  EXPECT_THROW(file->write(bytes), IoError) << "and not for ever";
  write_most = -1;
  writes_refused = 1;
  write_error = ENOSPC;
  EXPECT_THROW(file->write(bytes), IoError);
  EXPECT_EQ(directory_.read("file"), text);
}

TEST_F(DiskFailures, WhatCouldNotBeMadeDurableIsTold) {
  const auto file = disk_.create(path("file"), {});
  for (int i = 0; i < 2; ++i) {
    syncs_left = 0;
    EXPECT_THROW(i == 0 ? file->sync() : disk_.sync_directory(directory_.path()), IoError);
  }
  EXPECT_THROW(disk_.sync_directory(path("file")), IoError) << "no directory";
}

TEST_F(DiskFailures, ErrorsNameBothFilesOfARename) {
  try {
    disk_.rename(path("one"), path("two"));
    FAIL() << "there is nothing to rename";
  } catch (const IoError& error) {
    EXPECT_EQ(error.what(),
              "cannot rename " + path("one") + " to " + path("two") + ": No such file or directory");
  }
}

TEST_F(DiskFailures, ASignalWhileALockIsTakenCostsNothing) {
  directory_.write("file", "");
  locks_refused = 3;
  refusal = EINTR;
  const auto lock = disk_.lock(path("file"));
  ASSERT_NE(lock, nullptr);
  EXPECT_TRUE(lock->exclusive());
}

// Whoever finds it before it is locked takes it for a left-over.
TEST_F(DiskFailures, ATemporaryFileThatSomebodyElseLockedFirstIsNotOurs) {
  locks_refused = 1;
  EXPECT_EQ(disk_.create(path("file"), kTemporary), nullptr);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(DiskFailures, ATemporaryFileWhoseNameIsTakenBeforeTheLockIsNotOurs) {
  before_locking = [&] { fs::remove(path("file")); };
  EXPECT_EQ(disk_.create(path("file"), kTemporary), nullptr);
}

TEST_F(DiskFailures, ALockIsTriedAgainForAWhile) {
  directory_.write("file", "");
  locks_refused = 9;
  EXPECT_NE(disk_.lock(path("file")), nullptr) << "somebody only looked whether it is locked";
  locks_refused = 1000;
  EXPECT_EQ(disk_.lock(path("file")), nullptr);
  EXPECT_GT(locks_refused, 900);
}

TEST_F(DiskFailures, ALockOfAFileThatWasReplacedMeanwhileIsNone) {
  directory_.write("file", "");
  directory_.write("new", "");
  before_locking = [&] {
    std::error_code error;
    fs::rename(path("new"), path("file"), error);
  };
  EXPECT_EQ(disk_.lock(path("file")), nullptr);
  EXPECT_NE(disk_.lock(path("file")), nullptr);
}

TEST_F(DiskFailures, ALinkIsNotLocked) {
  directory_.write("target", "");
  fs::create_symlink("target", path("link"));
  EXPECT_THROW(disk_.lock(path("link")), IoError);
  EXPECT_EQ(disk_.lock(path("nothing")), nullptr);
}

TEST_F(DiskFailures, AFileThatMayOnlyBeReadIsLocked) {
  directory_.write("file", "");
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(path("file").c_str(), 0444), 0);
  EXPECT_TRUE(in_child([&] {
    if (::geteuid() == 0) become_another(kAnother);
    EXPECT_NE(disk_.lock(path("file")), nullptr);
  }));
}

TEST_F(DiskFailures, ATemporaryFileThatCouldNotBeRenamedIsRemovedAtTheEnd) {
  EXPECT_TRUE(in_child([&] {
    const auto file = disk_.create(path("file"), kTemporary);
    const auto gone = disk_.create(path("gone"), kTemporary);
    fs::remove(path("gone"));  // so that removing it fails
    EXPECT_THROW(disk_.rename(path("file"), path("nowhere/result")), IoError);
    errno = 7;
    remove_temporaries();
    EXPECT_EQ(errno, 7) << "a signal handler leaves it as it was";
    EXPECT_THAT(names(), IsEmpty());
  }));
}

// An end that is as abrupt as a signal waits for files that are just being made, and for no others.
TEST_F(DiskFailures, FilesThatWereNeverMadeAreNotWaitedFor) {
  EXPECT_TRUE(in_child([&] {
    directory_.write("taken", "");
    EXPECT_EQ(disk_.create(path("taken"), kTemporary), nullptr);
    EXPECT_THROW(disk_.create(path("nowhere/file"), kTemporary), IoError);
    pauses = 0;
    remove_temporaries();
    EXPECT_EQ(pauses, 0);
    EXPECT_THROW(disk_.create(path("file"), kTemporary), IoError) << "the program is ending";
    remove_temporaries();
    EXPECT_EQ(pauses, 0);
    EXPECT_THAT(names(), ElementsAre("taken"));
  }));
}

TEST_F(DiskFailures, ATemporaryFileThatCouldNotBeRemovedIsRemovedAtTheEnd) {
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0777), 0);
  EXPECT_TRUE(in_child([&] {
    if (::geteuid() == 0) become_another(kAnother);
    fs::create_directory(path("ours"));
    const auto file = disk_.create(path("ours/file"), kTemporary);
    fs::permissions(path("ours"), fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_THROW(disk_.remove(path("ours/file")), IoError);
    fs::permissions(path("ours"), fs::perms::owner_all);
    remove_temporaries();
    EXPECT_THAT(disk_.list(path("ours")), IsEmpty());
  }));
}

TEST_F(DiskFailures, DirectoriesAreToldAsTheyWereMadeTheOutermostFirst) {
  fs::create_directory(path("old"));
  EXPECT_THAT(disk_.create_directories(path("old/a/b/"), {}),
              ElementsAre(fs::path(path("old/a")), fs::path(path("old/a/b"))));
  EXPECT_THAT(disk_.create_directories(path("old/a/b"), {}), IsEmpty());
}

// The last one may be there already when its name cannot be made durable.
TEST_F(DiskFailures, OfDirectoriesThatCouldNotAllBeMadeNoneStays) {
  fs::create_directory(path("old"));
  for (int syncs = 0; syncs < 3; ++syncs) {
    syncs_left = syncs;
    EXPECT_THROW(disk_.create_directories(path("old/a/b/c"), {}), IoError);
    EXPECT_THAT(disk_.list(path("old")), IsEmpty()) << syncs;
  }
  syncs_left = -1;
  EXPECT_EQ(disk_.create_directories(path("old/a/b/c"), {}).size(), 3U);
}

TEST_F(DiskFailures, AFileIsNoDirectory) {
  directory_.write("file", "");
  EXPECT_THROW(disk_.create_directories(path("file"), {}), IoError);
  EXPECT_THROW(disk_.list(path("file")), IoError);
  EXPECT_THAT(disk_.list(path("nothing")), IsEmpty());
  EXPECT_EQ(disk_.names_of(path("file/below")), 0U);
}

TEST_F(DiskFailures, NamesAreListedByTheirBeginningAndCounted) {
  for (const char* name : {"b2", "b1", "a1", "ab1"}) directory_.write(name, "");
  EXPECT_THAT(disk_.list(directory_.path(), "b"), ElementsAre("b1", "b2"));
  fs::create_hard_link(path("a1"), path("a2"));
  EXPECT_EQ(disk_.names_of(path("a2")), 2U);
  EXPECT_EQ(disk_.names_of(path("b1")), 1U);
  EXPECT_EQ(disk_.names_of(path("nothing")), 0U);
}

TEST_F(DiskFailures, RightsOfAModelThatCannotBeSeenAreNotGuessed) {
  directory_.write("model", "");
  const auto file = disk_.create(path("file"), kTemporary);
  EXPECT_THROW(file->take_rights_of(path("model/below")), IoError);
}

TEST_F(DiskFailures, TheGroupIsKeptWhereTheOwnerCannotBe) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs two users";
  constexpr gid_t kTheirs = 61235;
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0777), 0);
  directory_.write("model", "");
  ASSERT_EQ(::chown(path("model").c_str(), 0, kTheirs), 0);
  ASSERT_EQ(::chmod(path("model").c_str(), 0660), 0);
  EXPECT_TRUE(in_child([&] {
    become_another(kTheirs);
    disk_.create(path("file"), kTemporary)->take_rights_of(path("model"));
    EXPECT_EQ(status("file").st_uid, kAnother);
    EXPECT_EQ(status("file").st_gid, kTheirs);
    EXPECT_EQ(status("file").st_mode & 0777U, 0660U);
  }));
}

TEST_F(DiskFailures, ProbingKnowsThatADirectorysOwnerReplacesWhatIsInIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs two users";
  directory_.write("roots", "");
  const auto probe_as_another = [&] {
    return in_child([&] {
      become_another(kAnother);
      disk_.probe(path("roots"));
    });
  };
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0777), 0);
  EXPECT_TRUE(probe_as_another()) << "whoever may write the directory";
  ASSERT_EQ(::chown(directory_.path().c_str(), kAnother, kAnother), 0);
  ASSERT_EQ(::chmod(directory_.path().c_str(), 01755), 0);
  EXPECT_TRUE(probe_as_another()) << "the owner of a sticky one";
}

// A dangling link is a name like others, and a directory must be read to make its names durable.
TEST_F(DiskFailures, ProbingLooksAtNamesAndAtWhatMakesThemDurable) {
  fs::create_symlink(directory_.path(), path("link-to-a-directory"));
  EXPECT_NO_THROW(disk_.probe(path("link-to-a-directory")));
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  fs::create_directory(path("unreadable"));
  ASSERT_EQ(::chmod(path("unreadable").c_str(), 0333), 0);
  EXPECT_TRUE(in_child([&] {
    if (::geteuid() == 0) become_another(kAnother);
    EXPECT_THROW(disk_.probe(path("unreadable/out")), IoError);
  }));
}

}  // namespace
}  // namespace millrace::testing::disk_failures_test
