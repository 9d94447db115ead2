// The disk seam: the few file operations that durability rests on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace millrace {

/// A file opened for writing. Not thread-safe. The destructor closes without syncing.
class DiskFile {
 public:
  virtual ~DiskFile() = default;
  virtual void write(std::span<const std::byte> bytes) = 0;
  /// Durable when it returns. Never retried: a failed fsync loses what it should have kept.
  virtual void sync() = 0;
};

/// All functions throw IoError with the path and errno's text.
class Disk {
 public:
  virtual ~Disk() = default;
  /// Creates or truncates a file.
  virtual std::unique_ptr<DiskFile> create(const std::filesystem::path& path) = 0;
  /// Replaces `to` at once, so that readers see the old or the new file.
  virtual void rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  virtual void remove(const std::filesystem::path& path) = 0;
  virtual void create_directories(const std::filesystem::path& path) = 0;
  /// Makes the names in a directory durable.
  virtual void sync_directory(const std::filesystem::path& path) = 0;
  /// File names in a directory, sorted; empty if there is no such directory.
  virtual std::vector<std::string> list(const std::filesystem::path& path) = 0;
};

Disk& real_disk();

}  // namespace millrace
