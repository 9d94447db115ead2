// The real disk.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/disk.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <millrace/error.h>

#include "base/disk/file_rights.h"
#include "base/disk/temporaries.h"
#include "base/disk/writable.h"

namespace millrace {
namespace {

using Path = std::filesystem::path;

[[noreturn]] void fail(std::string_view verb, const Path& path, int reason) {
  throw IoError::from_errno("cannot " + std::string(verb) + ' ' + path.string(), reason);
}

[[noreturn]] void refuse_to_open(const Path& path, const char* reason) {
  throw IoError(excerpt("cannot open " + path.string()) + ": " + reason);
}

/// An open file.
class Opened {
 public:
  /// The number is negative, and errno says why, if that fails.
  Opened(const Path& path, int flags, mode_t mode = 0) {
    do number_ = ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, mode);
    while (number_ < 0 && errno == EINTR);
  }
  Opened(Opened&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Opened& operator=(Opened&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Opened() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

bool is_at(const Opened& file, const Path& path) {
  struct stat ours {};
  struct stat theirs {};
  return ::fstat(file.number(), &ours) == 0 && ::lstat(path.c_str(), &theirs) == 0 &&
         ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

enum class Locked : std::uint8_t { by_us, by_another, unknown };

Locked take_lock(const Opened& file) {
  while (::flock(file.number(), LOCK_EX | LOCK_NB) != 0)
    if (errno != EINTR) return errno == EWOULDBLOCK ? Locked::by_another : Locked::unknown;
  return Locked::by_us;
}

class RealFile final : public DiskFile {
 public:
  /// Not open, and errno says why, if that fails. Opens last, so that no file is made in vain.
  RealFile(const Path& path, int flags, mode_t mode) : path_(path), file_(path, O_WRONLY | flags, mode) {}
  const Opened& file() const { return file_; }

  void write(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.number(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) fail("write", path_, written < 0 ? errno : EIO);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }
  void sync() override {
    if (::fsync(file_.number()) != 0) fail("sync", path_, errno);
  }
  void take_rights_of(const Path& model) override {
    if (!take_rights(file_.number(), model.c_str())) fail("set the permissions of", path_, errno);
  }
  bool is_at(const Path& path) const override { return millrace::is_at(file_, path); }

 private:
  Path path_;
  Opened file_;
};

class RealReader final : public DiskReader {
 public:
  RealReader(Path path, Opened file) : path_(std::move(path)), file_(std::move(file)) {}

  std::uint64_t size() const override {
    struct stat status {};
    if (::fstat(file_.number(), &status) != 0) fail("look at", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> bytes) const override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const std::span<std::byte> rest = bytes.subspan(done);
      const ssize_t got = ::pread(file_.number(), rest.data(), rest.size(), static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail("read", path_, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

 private:
  Path path_;
  Opened file_;
};

class RealLock final : public DiskLock {
 public:
  RealLock(Opened file, bool exclusive) : file_(std::move(file)), exclusive_(exclusive) {}
  bool exclusive() const override { return exclusive_; }
  bool is_at(const Path& path) const override { return millrace::is_at(file_, path); }

 private:
  Opened file_;
  bool exclusive_;
};

// The directories above and at `path` that are not there, the outermost first.
std::vector<Path> missing_directories(Path path) {
  const Path there = existing_part(path);
  std::vector<Path> missing;
  for (; path != there; path = path.parent_path()) missing.push_back(path);
  std::ranges::reverse(missing);
  return missing;
}

class RealDisk final : public Disk {
 public:
  std::unique_ptr<DiskFile> create(const Path& path, const CreateOptions& options) override {
    std::optional<TemporaryInTheMaking> making;
    if (options.temporary) making.emplace(path.c_str());
    const int flags = O_CREAT | (options.exclusive ? O_EXCL | O_NOFOLLOW : O_TRUNC);
    auto made = std::make_unique<RealFile>(path, flags, options.owner_only ? 0600 : 0666);
    if (!made->file() && options.exclusive && errno == EEXIST) return nullptr;
    if (!made->file()) fail("create", path, errno);
    if (!making) return made;
    // Before it was locked it could be taken for a left-over: then it is gone, or about to go.
    if (take_lock(made->file()) != Locked::by_another && made->is_at(path)) {
      making->keep();
      return made;
    }
    ::unlink(path.c_str());
    return nullptr;
  }

  std::unique_ptr<DiskReader> open(const Path& path) override {
    Opened file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);  // a FIFO would wait for somebody who writes
    if (!file && errno == ENOENT) return nullptr;
    if (!file && errno == ELOOP) refuse_to_open(path, "it is a link, and links are not followed here");
    if (!file) fail("open", path, errno);
    struct stat status {};
    if (::fstat(file.number(), &status) != 0) fail("open", path, errno);
    if (!S_ISREG(status.st_mode)) refuse_to_open(path, "it is no regular file");
    return std::make_unique<RealReader>(path, std::move(file));
  }

  std::unique_ptr<DiskLock> lock(const Path& path) override {
    Opened file(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);  // some disks lock only what can be written
    if (!file && errno != ENOENT) file = Opened(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!file && errno == ENOENT) return nullptr;
    if (!file) fail("lock", path, errno);
    // Some who hold a lock only look whether they can: `check` for one.
    constexpr int kTries = 10;
    Locked locked = take_lock(file);
    for (int tries = 1; locked == Locked::by_another && tries < kTries; ++tries) {
      const timespec pause{0, 5'000'000};
      ::nanosleep(&pause, nullptr);
      locked = take_lock(file);
    }
    if (locked == Locked::by_another || !is_at(file, path)) return nullptr;
    return std::make_unique<RealLock>(std::move(file), locked == Locked::by_us);
  }

  void rename(const Path& from, const Path& to) override {
    if (std::rename(from.c_str(), to.c_str()) != 0) fail("rename " + from.string() + " to", to, errno);
    forget_temporary(from.c_str());
  }

  void remove(const Path& path) override {
    const int reason = ::unlink(path.c_str()) == 0 ? 0 : errno;
    if (reason == 0 || reason == ENOENT) forget_temporary(path.c_str());
    if (reason != 0) fail("remove", path, reason);
  }

  std::vector<Path> create_directories(const Path& path, const DirectoryOptions& options) override {
    std::error_code error;
    Path last = std::filesystem::absolute(path, error).lexically_normal();
    if (error) fail("create the directory", path, error.value());
    if (!last.has_filename()) last = last.parent_path();  // behind the last slash
    std::vector<Path> made;
    try {
      for (const Path& directory : missing_directories(last)) {
        const mode_t mode = options.owner_only && directory == last ? 0700 : 0777;
        const int reason = ::mkdir(directory.c_str(), mode) == 0 ? 0 : errno;
        if (reason == 0) made.push_back(directory);
        if (reason != 0 && reason != EEXIST) fail("create the directory", path, reason);
        sync_directory(directory.parent_path());
      }
      if (!std::filesystem::is_directory(last, error)) fail("create the directory", path, ENOTDIR);
    } catch (...) {
      for (; !made.empty(); made.pop_back()) ::rmdir(made.back().c_str());
      throw;
    }
    return made;
  }

  void remove_directory(const Path& path) override {
    if (::rmdir(path.c_str()) != 0) fail("remove the directory", path, errno);
  }

  void sync_directory(const Path& path) override {
    const Opened directory(path, O_RDONLY | O_DIRECTORY);
    if (!directory || ::fsync(directory.number()) != 0) fail("sync the directory", path, errno);
  }

  using Disk::list;
  std::vector<std::string> list(const Path& path, std::string_view beginning) override {
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator entry;
    do entry = std::filesystem::directory_iterator(path, error);
    while (error == std::errc::interrupted);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
      std::string name = entry->path().filename().string();
      if (name.starts_with(beginning)) names.push_back(std::move(name));
    }
    if (error && error != std::errc::no_such_file_or_directory) fail("list", path, error.value());
    std::ranges::sort(names);
    return names;
  }

  std::uint64_t names_of(const Path& path) override {
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0) return status.st_nlink;
    if (errno != ENOENT && errno != ENOTDIR) fail("look at", path, errno);
    return 0;
  }

  void probe(const Path& path) override { require_writable(path); }
};

}  // namespace

Disk& real_disk() {
  static RealDisk disk;
  return disk;
}

}  // namespace millrace
