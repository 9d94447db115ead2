// The real disk.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/disk.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>

#include <millrace/error.h>

namespace millrace {
namespace {

using Path = std::filesystem::path;

[[noreturn]] void fail(std::string_view verb, const Path& path, int reason) {
  throw IoError::from_errno("cannot " + std::string(verb) + ' ' + path.string(), reason);
}

int open_file(const Path& path, int flags, std::string_view verb) {
  const int number = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  if (number < 0) fail(verb, path, errno);
  return number;
}

class RealFile final : public DiskFile {
 public:
  explicit RealFile(const Path& path)
      : path_(path), number_(open_file(path, O_WRONLY | O_CREAT | O_TRUNC, "create")) {}
  ~RealFile() override { ::close(number_); }

  void write(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(number_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("write", path_, errno);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }
  void sync() override {
    if (::fsync(number_) != 0) fail("sync", path_, errno);
  }

 private:
  Path path_;
  int number_;
};

class RealDisk final : public Disk {
 public:
  std::unique_ptr<DiskFile> create(const Path& path) override { return std::make_unique<RealFile>(path); }

  void rename(const Path& from, const Path& to) override {
    if (std::rename(from.c_str(), to.c_str()) != 0) fail("rename " + from.string() + " to", to, errno);
  }

  void remove(const Path& path) override {
    if (::unlink(path.c_str()) != 0) fail("remove", path, errno);
  }

  void create_directories(const Path& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) fail("create the directory", path, error.value());
  }

  void sync_directory(const Path& path) override {
    const int number = open_file(path, O_RDONLY | O_DIRECTORY, "sync the directory");
    const int reason = ::fsync(number) == 0 ? 0 : errno;
    ::close(number);
    if (reason != 0) fail("sync the directory", path, reason);
  }

  std::vector<std::string> list(const Path& path) override {
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator entry(path, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
      names.push_back(entry->path().filename().string());
    if (error && error != std::errc::no_such_file_or_directory) fail("list", path, error.value());
    std::ranges::sort(names);
    return names;
  }
};

}  // namespace

Disk& real_disk() {
  static RealDisk disk;
  return disk;
}

}  // namespace millrace
