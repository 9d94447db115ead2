// Rows in files that appear whole or not at all.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <millrace/disk.h>
#include <millrace/sink.h>

#include "io/row_format.h"

namespace millrace::io {

/// Writes each epoch to a hidden temporary file, which gets its name when it is complete and durable:
/// temporary + fsync + rename + fsync of the directory. Written again, an epoch replaces the same name.
class FileSink final : public Sink {
 public:
  enum class Kind : bool {
    file,       ///< `path` is the file, and holds the last epoch finished
    directory,  ///< `path` gets a file `epoch-000000000042.EXT` per epoch
  };
  /// Makes the directory and removes temporary files that an earlier process left there.
  FileSink(const RowLayout& layout, std::filesystem::path path, Kind kind, Disk& disk);
  ~FileSink() override;

  void begin(const Epoch& epoch) override;
  void write(std::span<const Aggregate> rows) override;
  void finish(EpochId epoch) override;
  void abandon(EpochId epoch) noexcept override;
  std::optional<EpochId> last_finished() override;
  Delivery delivery() const override { return Delivery::idempotent; }

 private:
  std::filesystem::path target(EpochId epoch) const;
  void flush();

  RowFormat format_;
  std::string extension_;
  std::filesystem::path path_;
  std::filesystem::path directory_;
  Kind kind_;
  Disk& disk_;
  std::filesystem::path temporary_;  ///< of the epoch being written
  std::unique_ptr<DiskFile> file_;
  std::string text_;  ///< not written yet
};

}  // namespace millrace::io
