// Rows in files that appear whole or not at all.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <millrace/disk.h>
#include <millrace/sink.h>

#include "base/checksum.h"
#include "io/file/manifest.h"
#include "io/file/temporary_file.h"
#include "io/format/row_format.h"

namespace millrace::io {

/// Writes each epoch to a hidden temporary file, which gets its name when it is complete and durable:
/// temporary + fsync + rename + fsync of the directory. Written again, an epoch replaces the same name and
/// keeps its rights. A partial result gets that name with `.partial` behind it, so that it replaces no whole
/// one. (A window is whole with what arrived in it.)
///
/// A directory belongs to one job at a time, from probe on if it is there, else from open on, which makes it:
/// another job gets a ConfigError. If its path leads elsewhere later, nothing is written there: IoError. What
/// was made for it goes again with the sink if no epoch was finished. The first begin opens what is not open,
/// and removes what killed jobs left of the same output. Of a job with a log the directory has a Manifest, too:
/// an epoch is finished when its line is there.
class FileSink final : public Sink {
 public:
  enum class Kind : bool {
    file,       ///< `path` is the file, and holds the last epoch finished
    directory,  ///< `path` gets a file `epoch-000000000042.EXT` per epoch
  };
  /// `path` is absolute, so that the working directory may change, and leads over no link to the file.
  FileSink(const RowLayout& layout, std::filesystem::path path, Kind kind, Disk& disk, OnEvent on_event = {});
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  ~FileSink() override;

  std::optional<Shown> probe(Deadline deadline) override;
  std::optional<Shown> open(const JobId& job) override;
  void begin(const Epoch& epoch) override;
  void write(std::span<const Aggregate> rows) override;
  void finish(const Epoch& epoch) override;
  void abandon(EpochId epoch) noexcept override;
  Delivery delivery() const override { return Delivery::idempotent; }
  bool remembers() const override { return kind_ == Kind::directory; }

 private:
  std::filesystem::path target(EpochId epoch) const;
  std::optional<Shown> last_in_directory();
  void write_text(std::string_view text);
  void list(const Epoch& epoch);
  void require_as_listed(EpochId last) const;
  void claim();
  void lock_directory();
  void require_same_directory() const;
  void remove_what_killed_jobs_left();
  void remove_made_directories();
  void warn(const std::string& text) const;

  RowFormat format_;
  bool windowed_;
  std::string extension_;
  std::filesystem::path path_;
  std::filesystem::path directory_;
  Kind kind_;
  Disk& disk_;
  OnEvent on_event_;
  std::unique_ptr<DiskLock> claim_;  ///< of a directory
  bool was_absent_ = false;          ///< there was no such directory when it was probed
  bool opened_ = false;
  std::vector<std::filesystem::path> made_;  ///< directories, the outermost first, for no epoch yet
  bool begun_ = false;
  std::optional<TemporaryFile> temporary_;  ///< of the epoch being written
  bool partial_ = false;                    ///< its rows are no whole result
  JobId job_;
  std::optional<Manifest> manifest_;  ///< of a directory that is open
  Published published_;               ///< the epoch being written, as far as it is
  Checksum128 checksum_;              ///< of it
};

}  // namespace millrace::io
