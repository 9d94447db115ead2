// The epoch log of a job with a checkpoint: a frame for each epoch, in a directory of its own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <millrace/disk.h>
#include <millrace/error.h>
#include <millrace/plan.h>

#include "host/log/checkpoint.h"
#include "host/log/epoch_log.h"
#include "host/log/recovered.h"
#include "host/log/snapshot/snapshot_writer.h"
#include "host/log/snapshot/state_runs.h"
#include "kernels/key.h"

namespace millrace {

struct FrameLogOptions {
  std::filesystem::path directory;
  Disk& disk;
  std::string job;                   ///< canonical_text(job)
  std::uint64_t birth = 0;           ///< of a job that begins now, see JobId
  std::vector<ValueColumn> columns;  ///< of the job
  bool windowed = false;             ///< its panes are windows
  HashSeed seed;                     ///< for keys that are read
  MemoryBudget& budget;              ///< outlives the log, as the workers and the disk do
  WorkerPool& workers;
  /// A longer segment is followed by another one. When those behind a snapshot are longer together, and than
  /// it, there is a new one.
  std::uint64_t segment_bytes = std::uint64_t{4} << 20;
  std::size_t snapshot_memory = kSnapshotMemory;
  std::shared_ptr<Codec> codec;  ///< null: see FrameWriter and FrameReader
};

/// Holds the lock of its directory. Calls come in this order: construction, recovered(), list(), start() and
/// replay(), then append() and commit() in turn. After an IoError it takes no more epochs: what a disk says
/// after a failure is not to be trusted.
class FrameLog final : public EpochLog {
 public:
  /// Makes the directory and locks it, removes what an earlier process has left half made, and reads what is
  /// there. Throws ConfigError (77) where another process holds it, or it is of a job that counts something
  /// else; IoError where it is damaged.
  explicit FrameLog(const FrameLogOptions& options);

  /// Of the job that began the checkpoint.
  std::uint64_t birth() const { return birth_; }
  /// Where the run begins.
  const Recovered& recovered() const { return recovered_; }
  /// Which outputs key frames tell of from now on. Comes before start(); without it there are none.
  void list(std::vector<LoggedOutput> outputs) { outputs_ = std::move(outputs); }
  /// How far inputs were read by the last epoch, the undecided one included.
  Resume inputs() const { return inputs_.all(); }
  bool durable() const override { return true; }
  void replay(const TakeEpoch& take) override;
  void start(const std::vector<ReaderInputs>& readers) override;
  std::uint64_t append(const EpochData& epoch) override;
  /// Makes a snapshot, if one is due.
  bool work() override;
  void commit(EpochId id) override;

 private:
  using WriteSections = std::function<std::vector<RunSpan>(FrameWriter&)>;
  std::vector<RunSpan> begin_segment(const FrameHead& head, const WriteSections& write_sections);
  std::vector<RunSpan> write_key(FrameWriter& frame, const EpochData& epoch) const;
  std::vector<RunSpan> write(const FrameHead& head, const WriteSections& write_sections);
  bool snapshot_is_due(std::uint64_t bytes) const;
  void begin_snapshot(EpochId first);
  void keep_snapshot();
  void check_place() const;
  IoError other_process() const;

  FrameLogOptions options_;
  std::unique_ptr<DiskLock> lock_;
  Checkpoint found_;
  std::uint64_t birth_;
  Recovered recovered_;
  LoggedInputs inputs_;
  std::vector<LoggedOutput> outputs_;
  StateRuns runs_;

  std::uint64_t number_ = 0;                           ///< of the last segment
  std::shared_ptr<const std::filesystem::path> path_;  ///< of it
  std::unique_ptr<DiskFile> segment_;
  std::uint64_t checksum_ = 0;  ///< of its head
  std::uint64_t bytes_ = 0;     ///< of it
  std::uint64_t rows_ = 0;      ///< checksum, of the frame written last
  bool last_ = false;           ///< that was the last one of the job
  bool failed_ = false;

  std::optional<SnapshotWriter> snapshot_;  ///< that is being made
  std::vector<std::uint64_t> snapshots_;    ///< numbers of those that are whole, two at most
  std::uint64_t snapshot_bytes_ = 0;        ///< of the last one
  std::uint64_t bytes_behind_ = 0;          ///< of the segments behind it, but for the one that grows
  std::uint64_t bytes_in_ = 0;              ///< of those that go into the one that is being made
};

}  // namespace millrace
