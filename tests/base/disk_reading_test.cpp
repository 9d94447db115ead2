// The real disk when files are read: calls that fail or give little, and what is no file to be read.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/disk.h>

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <string>

#include <millrace/error.h>

#include "tests/io/temporary_directory.h"

namespace {

ssize_t read_most = -1;  ///< bytes that one call reads; negative: all
int reads_refused = 0;   ///< so many read nothing
int read_error = EINTR;  ///< what they fail with

}  // namespace

// It stands before the C library's.
extern "C" ssize_t pread(int file, void* bytes, std::size_t size, off_t offset) {
  static const auto real =
      reinterpret_cast<ssize_t (*)(int, void*, std::size_t, off_t)>(dlsym(RTLD_NEXT, "pread"));
  if (reads_refused > 0) {
    --reads_refused;
    errno = read_error;
    return -1;
  }
  return real(file, bytes, read_most < 0 ? size : std::min(size, static_cast<std::size_t>(read_most)), offset);
}

namespace millrace::testing::disk_reading_test {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class DiskReading : public ::testing::Test {
 protected:
  ~DiskReading() override {
    read_most = -1;
    reads_refused = 0;
    read_error = EINTR;
  }
  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
  /// What opening it ends with.
  std::string end_of(const std::string& name) const {
    try {
      return real_disk().open(path(name)) ? "opened" : "nothing there";
    } catch (const IoError& error) {
      return error.what();
    }
  }

  TemporaryDirectory directory_;
};

TEST_F(DiskReading, AllIsReadHoweverLittleACallGives) {
  const std::string text = "ten bytes.";
  const auto reader = real_disk().open(directory_.write("file", text));
  std::string found(20, '?');
  const auto bytes = std::as_writable_bytes(std::span(found));
  read_most = 3;
  reads_refused = 2;  // a signal came
  EXPECT_EQ(reader->read_at(0, bytes), text.size());
  EXPECT_EQ(found.substr(0, text.size()), text);
  reads_refused = 1;
  read_error = EIO;
  EXPECT_THROW(reader->read_at(0, bytes), IoError);
}

TEST_F(DiskReading, NeitherALinkNorWhatIsNoRegularFileIsOpened) {
  directory_.write("file", "");
  fs::create_symlink("file", path("link"));
  fs::create_symlink("nothing", path("dangling"));
  fs::create_directory(path("directory"));
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  for (const std::string link : {"link", "dangling"})
    EXPECT_EQ(end_of(link), "cannot open " + path(link) + ": it is a link, and links are not followed here");
  for (const std::string no_file : {"directory", "fifo"})
    EXPECT_EQ(end_of(no_file), "cannot open " + path(no_file) + ": it is no regular file");
  EXPECT_THAT(end_of("file/below"), HasSubstr("Not a directory"));
  EXPECT_EQ(end_of("file"), "opened");
  EXPECT_EQ(end_of("nothing"), "nothing there");
}

TEST_F(DiskReading, AFileThatMayNotBeReadIsNotTakenForNone) {
  directory_.write("file", "");
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(path("file").c_str(), 0), 0);
  const uid_t us = ::geteuid();
  ASSERT_EQ(us == 0 ? ::seteuid(61234) : 0, 0);  // root may read all
  EXPECT_THAT(end_of("file"), HasSubstr("Permission denied"));
  ASSERT_EQ(::seteuid(us), 0);
}

}  // namespace
}  // namespace millrace::testing::disk_reading_test
