// A disk with a point to fail at before and after what it does.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <millrace/disk.h>

#include "host/job/faults/fault_plan.h"

namespace millrace {

/// Asks and looks are passed on as they are, and so are locks and directories that are made or removed. A call
/// that fails after all ("written") has been made, as where the reply is lost.
class FaultyDisk final : public Disk {
 public:
  /// Its points are `place`.create and so on. Both objects outlive it, its files and its readers.
  FaultyDisk(Disk& disk, FaultPlan& plan, std::string place);

  std::unique_ptr<DiskFile> create(const Path& path, const CreateOptions& options) override;
  std::unique_ptr<DiskReader> open(const Path& path) override;
  std::unique_ptr<DiskLock> lock(const Path& path) override;
  void rename(const Path& from, const Path& to) override;
  void remove(const Path& path) override;
  std::vector<Path> create_directories(const Path& path, const DirectoryOptions& options) override;
  void remove_directory(const Path& path) override;
  void sync_directory(const Path& path) override;
  using Disk::list;
  std::vector<std::string> list(const Path& path, std::string_view beginning) override;
  std::uint64_t names_of(const Path& path) override;
  void probe(const Path& path) override;

 private:
  void reach(std::string_view call) const { plan_.reach(place_ + std::string(call)); }

  Disk& disk_;
  FaultPlan& plan_;
  std::string place_;  ///< with the dot
};

}  // namespace millrace
