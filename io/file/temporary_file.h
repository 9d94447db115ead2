// A file that nobody sees under its name until it is complete.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <millrace/disk.h>

namespace millrace::io {

/// A private, hidden file beside the one that it is to replace, under a name that nobody can know before. It is
/// locked, so that other jobs can tell it from what a killed job left behind. The destructor removes it.
class TemporaryFile {
 public:
  /// For a file `name` in `directory`, which is there.
  TemporaryFile(Disk& disk, std::filesystem::path directory, std::string_view name);
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  /// One of the paths that it may get, to try whether the disk takes names as long as that.
  static std::filesystem::path a_path_for(const std::filesystem::path& directory, std::string_view name);

  void write(std::span<const std::byte> bytes) { file_->write(bytes); }
  /// Makes it durable and gives it the name `target`, in the same directory, and the rights of the file
  /// `model`. Call nothing afterwards. If it throws, `target` is as it was, or whole and perhaps not durable.
  void publish(const std::filesystem::path& target, const std::filesystem::path& model);

 private:
  Disk& disk_;
  std::filesystem::path directory_;
  std::filesystem::path path_;
  std::unique_ptr<DiskFile> file_;  ///< empty: there is nothing to remove
};

/// Removes the temporary files that killed jobs left in the directory, as far as that is allowed: those of
/// files whose names have this beginning and are `ours`. Those of a running job stay: it holds their locks.
void remove_left_overs(Disk& disk, const std::filesystem::path& directory, std::string_view beginning,
                       const std::function<bool(std::string_view name)>& ours);

/// As much of a file's name as a temporary file's name holds: all, unless it is very long.
std::string_view name_kept(std::string_view name);

}  // namespace millrace::io
