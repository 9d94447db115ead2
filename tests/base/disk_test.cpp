// The real disk: what is created, locked, kept, and seen without touching anything.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/disk.h>

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <set>
#include <utility>

#include <millrace/error.h>

#include "tests/io/temporary_directory.h"

namespace {

using FileId = std::pair<dev_t, ino_t>;

std::set<FileId> synced;  ///< by anybody in this program
int lock_error = 0;       ///< what taking a lock fails with; 0: it does not

}  // namespace

// They stand before the C library's.
extern "C" int fsync(int file) {
  struct stat status {};
  if (::fstat(file, &status) == 0) synced.emplace(status.st_dev, status.st_ino);
  return 0;
}
extern "C" int flock(int file, int how) noexcept {
  static const auto real = reinterpret_cast<int (*)(int, int)>(dlsym(RTLD_NEXT, "flock"));
  if (lock_error == 0) return real(file, how);
  errno = lock_error;
  return -1;
}

namespace millrace::testing::disk_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

constexpr CreateOptions kTemporary{.exclusive = true, .owner_only = true, .temporary = true};
constexpr uid_t kAnother = 61234;

class DiskTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
  struct stat status(const std::string& name) const {
    struct stat found {};
    EXPECT_EQ(::lstat(path(name).c_str(), &found), 0) << name;
    return found;
  }
  mode_t permissions(const std::string& name) const { return status(name).st_mode & 07777; }
  std::string access_list(const std::string& name) const {
    std::string list(200, '\0');
    const ssize_t size = ::getxattr(path(name).c_str(), "system.posix_acl_access", list.data(), list.size());
    return list.substr(0, static_cast<std::size_t>(std::max(size, ssize_t{0})));
  }
  std::vector<std::string> names() const { return disk_.list(directory_.path()); }
  std::string probe_error(const std::string& name) const {
    try {
      disk_.probe(path(name));
    } catch (const IoError& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryDirectory directory_;
  Disk& disk_ = real_disk();
};

/// Runs `job` in a child process, as another user if we may choose; false: it failed. What it expects is told.
bool in_child(bool as_another, const std::function<void()>& job) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool changed = !as_another || ::geteuid() != 0 ||
                         (::setgroups(0, nullptr) == 0 && ::setgid(kAnother) == 0 && ::setuid(kAnother) == 0);
    if (changed) job();
    ::_exit(changed && !::testing::Test::HasFailure() ? 0 : 1);
  }
  int ended = 0;
  return ::waitpid(child, &ended, 0) == child && ended == 0;
}

TEST_F(DiskTest, ExclusiveCreationTakesNoExistingNameAndFollowsNoLink) {
  directory_.write("precious", "old");
  fs::create_symlink("precious", path("link"));
  fs::create_symlink("nothing", path("dangling"));
  for (const char* name : {"precious", "link", "dangling"})
    EXPECT_EQ(disk_.create(path(name), {.exclusive = true}), nullptr) << name;
  EXPECT_EQ(directory_.read("precious"), "old");
  EXPECT_THAT(names(), ElementsAre("dangling", "link", "precious"));
}

TEST_F(DiskTest, ATemporaryFileIsPrivateAndLockedWhileItIsOpen) {
  const mode_t before = ::umask(0);
  auto file = disk_.create(path("file"), kTemporary);
  ::umask(before);
  EXPECT_EQ(permissions("file"), 0600U);
  EXPECT_EQ(disk_.lock(path("file")), nullptr);
  file.reset();
  const auto lock = disk_.lock(path("file"));
  ASSERT_NE(lock, nullptr);
  EXPECT_TRUE(lock->exclusive());
  EXPECT_EQ(disk_.lock(path("file")), nullptr) << "held by the one before";
  EXPECT_EQ(disk_.lock(path("nothing")), nullptr);
}

TEST_F(DiskTest, ATemporaryFileThatSomebodyElseRemovedIsForgotten) {
  EXPECT_TRUE(in_child(false, [&] {
    const auto file = disk_.create(path("file"), kTemporary);
    fs::remove(path("file"));
    EXPECT_THROW(disk_.remove(path("file")), IoError);
    directory_.write("file", "somebody else's");
    remove_temporaries();
    EXPECT_THAT(names(), ElementsAre("file"));
  }));
}

TEST_F(DiskTest, ADirectoryCanBeLocked) {
  const auto lock = disk_.lock(directory_.path());
  ASSERT_NE(lock, nullptr);
  EXPECT_TRUE(in_child(false, [&] { EXPECT_EQ(disk_.lock(directory_.path()), nullptr); }));
}

// As some network disks do: whoever finds such a file must not take it for one that nobody uses.
TEST_F(DiskTest, ADiskWithoutLocksTellsThatALockKeepsNobodyOut) {
  lock_error = ENOLCK;
  const auto file = disk_.create(path("file"), kTemporary);
  const auto lock = disk_.lock(path("file"));
  lock_error = 0;
  EXPECT_NE(file, nullptr);
  ASSERT_NE(lock, nullptr);
  EXPECT_FALSE(lock->exclusive());
}

TEST_F(DiskTest, AFileKnowsWhetherANameIsStillIts) {
  const auto file = disk_.create(path("file"), kTemporary);
  EXPECT_TRUE(file->is_at(path("file")));
  disk_.rename(path("file"), path("moved"));
  EXPECT_FALSE(file->is_at(path("file")));
  EXPECT_TRUE(file->is_at(path("moved")));
  disk_.remove(path("moved"));
  directory_.write("moved", "another");
  EXPECT_FALSE(file->is_at(path("moved")));
}

TEST_F(DiskTest, RightsAreThoseOfTheModelOrOfANewFile) {
  directory_.write("model", "");
  directory_.write("target", "");
  fs::create_symlink("target", path("link"));
  const auto file = disk_.create(path("file"), kTemporary);
  for (const mode_t mode : {0600U, 0644U, 0640U, 0755U, 0400U, 0666U}) {
    ASSERT_EQ(::chmod(path("model").c_str(), mode), 0);
    file->take_rights_of(path("model"));
    EXPECT_EQ(permissions("file"), mode);
  }
  for (const mode_t mask : {022U, 077U, 002U}) {
    const mode_t before = ::umask(mask);
    for (const char* no_model : {"nothing", "link"}) {
      file->take_rights_of(path(no_model));
      EXPECT_EQ(permissions("file"), 0666 & ~mask);
    }
    ::umask(before);
  }
}

TEST_F(DiskTest, OwnerAndGroupAreKeptWhereThatIsAllowed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may";
  directory_.write("model", "");
  ASSERT_EQ(::chown(path("model").c_str(), kAnother, kAnother + 1), 0);
  disk_.create(path("file"), kTemporary)->take_rights_of(path("model"));
  EXPECT_EQ(status("file").st_uid, kAnother);
  EXPECT_EQ(status("file").st_gid, kAnother + 1);
}

TEST_F(DiskTest, WhereTheGroupIsLostNobodyGetsRightsByThat) {
  if (::geteuid() != 0) GTEST_SKIP() << "the model belongs to root";
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0777), 0);
  directory_.write("model", "");
  for (const auto& [mode, expected] :
       {std::pair{0660U, 0600U}, {0664U, 0644U}, {0604U, 0600U}, {0666U, 0666U}}) {
    ASSERT_EQ(::chmod(path("model").c_str(), mode), 0);
    EXPECT_TRUE(in_child(true,
                         [&, mode = expected] {
                           disk_.create(path("file"), kTemporary)->take_rights_of(path("model"));
                           EXPECT_EQ(permissions("file"), mode);
                           disk_.remove(path("file"));
                         }))
        << std::oct << mode;
  }
}

// An access control list, as the kernel takes it: of the owner, user 61234, the group, the mask, others.
std::vector<std::uint16_t> list_of(std::uint16_t for_another) {
  std::vector<std::uint16_t> list = {2, 0};  // the version, in two halves
  const auto add = [&](std::uint16_t tag, std::uint16_t rights, std::uint32_t who) {
    list.insert(list.end(),
                {tag, rights, static_cast<std::uint16_t>(who), static_cast<std::uint16_t>(who >> 16)});
  };
  add(0x01, 6, ~0U);
  add(0x02, for_another, kAnother);
  add(0x04, 0, ~0U);
  add(0x10, 6, ~0U);
  add(0x20, 0, ~0U);
  return list;
}

bool set_list(const std::string& path, const char* name, const std::vector<std::uint16_t>& list) {
  return ::setxattr(path.c_str(), name, list.data(), list.size() * sizeof list[0], 0) == 0;
}

TEST_F(DiskTest, TheAccessControlListIsTheModels) {
  constexpr const char* kAccess = "system.posix_acl_access";
  directory_.write("model", "");
  if (!set_list(path("model"), kAccess, list_of(6))) GTEST_SKIP() << "no access control lists here";
  disk_.create(path("file"), kTemporary)->take_rights_of(path("model"));
  std::array<char, 200> ours{};
  std::array<char, 200> models{};
  const ssize_t size = ::getxattr(path("model").c_str(), kAccess, models.data(), models.size());
  EXPECT_EQ(::getxattr(path("file").c_str(), kAccess, ours.data(), ours.size()), size);
  EXPECT_EQ(ours, models);

  // One that new files of the directory get would let somebody read what he could not.
  ASSERT_TRUE(set_list(directory_.path(), "system.posix_acl_default", list_of(6)));
  ASSERT_EQ(::removexattr(path("model").c_str(), kAccess), 0);
  ASSERT_EQ(::chmod(path("model").c_str(), 0640), 0);
  const auto file = disk_.create(path("another"), kTemporary);
  file->take_rights_of(path("model"));
  EXPECT_LT(::getxattr(path("another").c_str(), kAccess, ours.data(), ours.size()), 0);
  EXPECT_EQ(permissions("another"), 0640U);
}

TEST_F(DiskTest, ANewFileHasTheRightsThatOpenWouldGiveIt) {
  using Half = std::uint16_t;
  for (const Half mask : {Half{7}, Half{4}, Half{0}})
    for (const Half others : {Half{7}, Half{4}, Half{0}})
      for (const bool named : {true, false}) {
        std::vector<Half> list = {2, 0, 0x01, 7, 0xffff, 0xffff};
        if (named) list.insert(list.end(), {0x02, 7, kAnother, 0});
        list.insert(list.end(), {0x04, named ? Half{5} : mask, 0xffff, 0xffff});
        if (named) list.insert(list.end(), {0x10, mask, 0xffff, 0xffff});
        list.insert(list.end(), {0x20, others, 0xffff, 0xffff});
        if (!set_list(directory_.path(), "system.posix_acl_default", list))
          GTEST_SKIP() << "no access control lists here";
        const mode_t umask_before = ::umask(027);
        disk_.create(path("opened"), {});
        disk_.create(path("file"), kTemporary)->take_rights_of(path("nothing"));
        ::umask(umask_before);
        EXPECT_EQ(permissions("file"), permissions("opened"));
        EXPECT_EQ(access_list("file"), access_list("opened"));
        disk_.remove(path("opened"));
        disk_.remove(path("file"));
      }
}

TEST_F(DiskTest, AnAbruptEndRemovesWhatIsStillTemporary) {
  EXPECT_TRUE(in_child(false, [&] {
    const auto first = disk_.create(path("first"), kTemporary);
    const auto second = disk_.create(path("second"), kTemporary);
    const auto third = disk_.create(path("third"), {.exclusive = true});
    disk_.rename(path("second"), path("result"));
    EXPECT_EQ(disk_.create(path("first"), kTemporary), nullptr);
    remove_temporaries();
    EXPECT_THAT(names(), ElementsAre("result", "third"));
    EXPECT_THROW(disk_.create(path("fourth"), kTemporary), IoError);
    EXPECT_NE(disk_.create(path("fifth"), {}), nullptr);
  }));
  EXPECT_THAT(names(), ElementsAre("fifth", "result", "third"));
}

TEST_F(DiskTest, ManyTemporaryFilesAreForgottenAsTheyGo) {
  EXPECT_TRUE(in_child(false, [&] {
    for (int i = 0; i < 1000; ++i) {
      const std::string name = path("file" + std::to_string(i));
      const auto file = disk_.create(name, kTemporary);
      if (i % 2 == 0)
        disk_.rename(name, path("result"));
      else
        disk_.remove(name);
    }
    const auto last = disk_.create(path("last"), kTemporary);
    remove_temporaries();
    EXPECT_THAT(names(), ElementsAre("result"));
  }));
}

TEST_F(DiskTest, AnAbruptEndRemovesHoweverManyThereAre) {
  EXPECT_TRUE(in_child(false, [&] {
    std::vector<std::unique_ptr<DiskFile>> files;
    for (int i = 0; i < 200; ++i) files.push_back(disk_.create(path("file" + std::to_string(i)), kTemporary));
    remove_temporaries();
    EXPECT_THAT(names(), IsEmpty());
  }));
}

TEST_F(DiskTest, ProbingTellsWhatCannotBeWrittenAndTouchesNothing) {
  directory_.write("file", "old");
  fs::create_directory(path("dir"));
  fs::create_directory(path("closed"));
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(path("closed").c_str(), 0555), 0);
  EXPECT_EQ(probe_error("file"), "no error");
  EXPECT_EQ(probe_error("new"), "no error");
  EXPECT_EQ(probe_error("new/and/deep/file"), "no error");
  EXPECT_THAT(probe_error("dir"), HasSubstr("Is a directory"));
  EXPECT_THAT(probe_error("file/below"), HasSubstr("Not a directory"));
  EXPECT_TRUE(in_child(true, [&] {
    EXPECT_THAT(probe_error("closed/out"), HasSubstr("no file can be made in " + path("closed")));
    EXPECT_THAT(probe_error("closed/new/out"), HasSubstr("Permission denied"));
  }));
  EXPECT_THAT(names(), ElementsAre("closed", "dir", "file"));
  EXPECT_THAT(disk_.list(path("closed")), IsEmpty());
}

TEST_F(DiskTest, ProbingKnowsWhoMayReplaceFilesInAStickyDirectory) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs two users";
  ASSERT_EQ(::chmod(directory_.path().c_str(), 01777), 0);
  directory_.write("roots", "");
  directory_.write("anothers", "");
  ASSERT_EQ(::chown(path("anothers").c_str(), kAnother, kAnother), 0);
  EXPECT_EQ(probe_error("anothers"), "no error") << "root may";
  EXPECT_TRUE(in_child(true, [&] {
    EXPECT_THAT(probe_error("roots"), HasSubstr("Operation not permitted"));
    EXPECT_EQ(probe_error("anothers"), "no error");
  }));
}

TEST_F(DiskTest, DirectoriesAreMadeAsDeepAsNeeded) {
  disk_.create_directories(path("a/b/c/"), {});
  disk_.create_directories(path("a/b/c"), {});
  EXPECT_TRUE(fs::is_directory(path("a/b/c")));
  directory_.write("file", "");
  EXPECT_THROW(disk_.create_directories(path("file/a"), {}), IoError);
}

// The name of a directory is durable when the one that holds it is synced.
TEST_F(DiskTest, TheNamesOfNewDirectoriesAreDurable) {
  fs::create_directory(path("old"));
  const auto is_synced = [&](const char* name) {
    return synced.contains({status(name).st_dev, status(name).st_ino});
  };
  synced.clear();
  disk_.create_directories(path("old/a/b/c/"), {});
  for (const char* holds_a_new_one : {"old", "old/a", "old/a/b"})
    EXPECT_TRUE(is_synced(holds_a_new_one)) << holds_a_new_one;
  EXPECT_FALSE(is_synced(".")) << "nothing in it is new";
}

}  // namespace
}  // namespace millrace::testing::disk_test
