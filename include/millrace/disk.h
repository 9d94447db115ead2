// The disk seam: the few file operations that durability rests on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// A file opened for writing. Not thread-safe. The destructor closes without syncing.
class DiskFile {
 public:
  virtual ~DiskFile() = default;
  virtual void write(std::span<const std::byte> bytes) = 0;
  /// Durable when it returns. Never retried: a failed fsync loses what it should have kept, and a later one
  /// succeeds all the same.
  virtual void sync() = 0;
  /// Gives it the permissions of the file `model`, and its owner and group where that is allowed; where it is
  /// not, nobody gets rights that he had not. If there is no such file: the rights of any new one in
  /// that place, as umask or the directory's default access control list say.
  virtual void take_rights_of(const std::filesystem::path& model) = 0;
  /// Whether `path` is a name of this file, and not of another one that took its place.
  virtual bool is_at(const std::filesystem::path& path) const = 0;
};

/// A file opened for reading. Not thread-safe. What was removed or replaced since can still be read.
class DiskReader {
 public:
  virtual ~DiskReader() = default;
  /// Its bytes now: whoever writes it may append more.
  virtual std::uint64_t size() const = 0;
  /// Reads from `offset` on into `bytes`. Returns how many it read: fewer only where the file ends.
  virtual std::size_t read_at(std::uint64_t offset, std::span<std::byte> bytes) const = 0;
};

/// Held as long as it lives; the end of the process ends it, too, however that comes.
class DiskLock {
 public:
  virtual ~DiskLock() = default;
  /// False: the disk knows no locks, so that others may hold it, too.
  virtual bool exclusive() const = 0;
  /// Whether `path` is still a name of what is locked, and not a link to it, or of what took its place.
  virtual bool is_at(const std::filesystem::path& path) const = 0;
};

struct CreateOptions {
  bool exclusive = false;   ///< never an existing file, and no link is followed
  bool owner_only = false;  ///< nobody else may read or write it
  /// It is locked while it is open, as far as the disk knows locks, and remove_temporaries() removes it until
  /// it is renamed or removed.
  bool temporary = false;
};

struct DirectoryOptions {
  bool owner_only = false;  ///< the last of those that are made is nobody else's to read or enter
};

/// All functions throw IoError with the path and errno's text.
class Disk {
 public:
  using Path = std::filesystem::path;

  virtual ~Disk() = default;
  /// Creates or truncates a file. Null: `exclusive`, and the name is taken, or `temporary`, and somebody else
  /// locked and removed it at once.
  virtual std::unique_ptr<DiskFile> create(const Path& path, const CreateOptions& options) = 0;
  /// Opens a file for reading. Null: there is no such name. Throws, too, if it is a link, which is not
  /// followed, or no regular file.
  virtual std::unique_ptr<DiskReader> open(const Path& path) = 0;
  /// Takes the lock of a file or directory. Null: another one holds it, or there is no such name (any more).
  virtual std::unique_ptr<DiskLock> lock(const Path& path) = 0;
  /// Replaces `to` at once, so that readers see the old or the new file.
  virtual void rename(const Path& from, const Path& to) = 0;
  virtual void remove(const Path& path) = 0;
  /// Durable when it returns. Returns those that it made, the outermost first; if it throws, none of them
  /// stays.
  virtual std::vector<Path> create_directories(const Path& path, const DirectoryOptions& options) = 0;
  /// Throws if it is not empty.
  virtual void remove_directory(const Path& path) = 0;
  /// Makes the names in a directory durable.
  virtual void sync_directory(const Path& path) = 0;
  /// File names in a directory that begin with `beginning`, sorted; empty if there is no such directory.
  virtual std::vector<std::string> list(const Path& path, std::string_view beginning) = 0;
  std::vector<std::string> list(const Path& path) { return list(path, {}); }
  /// How many names the file has; 0: there is none.
  virtual std::uint64_t names_of(const Path& path) = 0;
  /// Throws what making the directories above `path` and then creating or replacing it would, as far as that
  /// can be seen without doing it. Changes nothing.
  virtual void probe(const Path& path) = 0;
};

Disk& real_disk();

/// Removes the temporary files that this process has on the real disk; no more can be made after it. For ends
/// that run no destructors: it may be called from any thread and from signal handlers.
void remove_temporaries() noexcept;

}  // namespace millrace
