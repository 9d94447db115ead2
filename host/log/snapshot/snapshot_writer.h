// Making a snapshot beside a job that goes on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <millrace/disk.h>
#include <millrace/memory_budget.h>
#include <millrace/plan.h>

#include "host/log/frame.h"
#include "host/log/snapshot/run_merge.h"
#include "host/log/snapshot/snapshot.h"

namespace millrace {

/// What runs that are read together may take, whatever the state holds.
inline constexpr std::size_t kSnapshotMemory = std::size_t{24} << 20;

struct SnapshotOptions {
  std::filesystem::path directory;
  Disk& disk;
  std::vector<ValueColumn> columns;  ///< of the job
  MemoryBudget& budget;              ///< outlives the writer, as the disk does
  std::size_t memory = kSnapshotMemory;
  Codec* codec = nullptr;  ///< see FrameWriter
};

/// Merges runs of files into the file of a snapshot: with more runs than fit its memory, into files in between
/// first. Between two calls of step() nothing is half done that others may see; what it made goes with it if it
/// was not finished. Not thread-safe.
class SnapshotWriter {
 public:
  /// The panes are as the epochs before head.first_epoch have left them.
  SnapshotWriter(const SnapshotOptions& options, Snapshot snapshot);
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;
  ~SnapshotWriter();

  /// A piece of the work: some milliseconds, and a sync of some MiB now and then. False: the snapshot is
  /// there, and was read again whole. Throws IoError, BudgetError and CorruptError; nothing may be called then.
  bool step();

  const FileHead& head() const { return snapshot_.head; }
  std::uint64_t bytes() const { return bytes_; }
  /// Where its runs are, when it is there.
  const std::vector<RunPlace>& runs() const { return runs_; }

 private:
  /// A file with a frame, as far as it was written.
  struct Output {
    std::shared_ptr<const std::filesystem::path> path;
    std::unique_ptr<DiskFile> file;
    std::uint64_t begin = 0;  ///< of the frame in the file
    std::unique_ptr<FrameWriter> frame;
  };
  void begin();
  void begin_run();
  void merge_rows();
  void end_run();
  void publish();
  bool verify();
  Output create(const std::filesystem::path& path, const std::string& head, std::uint64_t checksum);
  void remove_temporaries() noexcept;

  SnapshotOptions options_;
  Snapshot snapshot_;
  Reservation memory_;
  std::map<Pane, PaneRuns>::iterator pane_;  ///< whose runs are merged
  Output out_;                               ///< the snapshot
  std::vector<Output> between_;
  std::uint64_t synced_ = 0;
  std::optional<RunMerge> merge_;
  std::optional<RunRows> rows_;
  RunPlace made_;                  ///< the run that the merge writes
  std::uint64_t data_before_ = 0;  ///< in its frame
  std::vector<RunPlace> runs_;
  std::uint64_t bytes_ = 0;
  std::unique_ptr<DiskReader> written_;  ///< it has its name, and is read again
  std::optional<FrameReader> reader_;
};

}  // namespace millrace
