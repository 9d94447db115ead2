// The list of what a job has published in a directory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <millrace/disk.h>
#include <millrace/types.h>

namespace millrace::io {

/// A file with the rows of an epoch.
struct Published {
  Shown shown;
  std::optional<Window> windows;  ///< from the first one's start to the last one's end
  std::string file;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::string checksum;  ///< XXH3 of the file, 128 bits, as 32 hexadecimal digits
};

/// `MANIFEST` in a directory of results: lines of columns between tabs, the first with their names. A line is
/// there when the file that it names is, whole; so who reads it sees each epoch once. Not thread-safe.
class Manifest {
 public:
  static constexpr std::string_view kName = "MANIFEST";

  /// Looks for it, and changes nothing. Throws IoError where it is none.
  Manifest(Disk& disk, std::filesystem::path directory);

  /// Somebody has begun it.
  bool exists() const { return exists_; }
  /// The epoch that the job has published last. Throws ConfigError (77) where it is of another job.
  std::optional<Shown> last(const JobId& job) const;
  /// The file that was listed last; empty: none was.
  std::string last_file() const;
  /// Comes before the first add: what is there is kept, but for a last line that was cut off.
  void begin(const JobId& job);
  /// Durable when it returns.
  void add(const Published& published);

 private:
  void append(const std::string& text);

  Disk& disk_;
  std::filesystem::path directory_;
  bool exists_ = false;
  std::string lines_;               ///< whole ones, as they were found
  std::string last_;                ///< the last of them, or of those that were added
  std::string job_;                 ///< its birth, as lines have it
  std::unique_ptr<DiskFile> file_;  ///< since begin
};

}  // namespace millrace::io
