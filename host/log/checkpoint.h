// A checkpoint's directory as it is found: segments, and the epochs that they hold.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <millrace/disk.h>

#include "host/log/logged_epoch.h"
#include "host/log/recovered.h"
#include "host/log/segment.h"
#include "host/log/snapshot/snapshot.h"
#include "host/log/snapshot/state_runs.h"

namespace millrace {

/// For who takes no lock: calls `look` again where it throws and snapshots came or went meanwhile, with which a
/// job removes older files.
void look_steadily(Disk& disk, const std::filesystem::path& directory, const std::function<void()>& look);

/// What the segments of a directory hold together. Looking changes nothing and takes no lock.
class Checkpoint {
 public:
  /// Reads everything once. No segments: there is none, and it is empty. Throws IoError that names the file
  /// where one was damaged, or an epoch is missing, and ConfigError (77) where a later version has written it,
  /// or one with a codec that is missing here: see FrameReader. The codec outlives it, as the disk does.
  Checkpoint(Disk& disk, const std::filesystem::path& directory, Codec* codec = nullptr);

  bool empty() const { return segments_.empty(); }
  /// Snapshots that are no more, in words.
  const std::vector<std::string>& damage() const { return damage_; }
  /// In place of epochs that are not read any more.
  const std::optional<Snapshot>& snapshot() const { return snapshot_; }
  /// Of the segments behind it.
  std::uint64_t bytes() const;
  // REQUIRES, as all that follows: !empty().
  std::uint64_t birth() const { return segments_.back().head.birth; }
  const std::string& job() const { return segments_.back().head.job; }
  const std::vector<Segment>& segments() const { return segments_; }
  std::uint64_t last_segment() const { return segments_.back().head.number; }
  /// The last epoch; 0: only the beginning is there.
  EpochId last() const { return frames_.back().frame.head.epoch; }
  /// Its rows' checksum.
  std::uint64_t last_rows() const { return frames_.back().frame.rows; }
  /// It was shown to all sinks.
  bool committed() const { return committed_; }

  /// Throws ConfigError (77) with what differs where `job` is the canonical text of another one. An empty one
  /// is any job's.
  void require_job(const std::string& job) const;
  /// Where the next run begins. `inputs` get what there is, as the last epoch left them, and `runs` what makes
  /// up the state.
  Recovered recover(LoggedInputs& inputs, StateRuns& runs) const;

  /// Hands over what the snapshot holds and each epoch behind it, else each from 1 on.
  void read(const EpochReading& reading, const TakeEpoch& take) const;
  /// Gives the last frame to `read`, its head read, and that throws as a FrameReader.
  void read_last(const std::function<void(FrameReader&)>& read) const;

 private:
  struct Kept {
    std::size_t segment = 0;
    LoggedFrame frame;
  };
  void find_snapshot();
  void add(const Segment& segment);
  void require_first(const Segment& segment) const;
  void recover_snapshot(Recovered& recovered, StateRuns& runs) const;
  void for_each(const EpochReading& reading,
                const std::function<void(EpochData&& epoch, const Kept& kept)>& take) const;
  void read(const Kept& kept, const DiskReader* file,
            const std::function<void(FrameReader&, const FrameHead&)>& read) const;

  Disk& disk_;
  std::filesystem::path directory_;
  Codec* codec_;
  std::optional<Snapshot> snapshot_;  ///< the newest that is whole
  std::vector<std::string> damage_;
  std::vector<Segment> segments_;  ///< those behind it
  std::vector<Kept> frames_;       ///< of all epochs, from 0 or behind the snapshot on, without gaps
  bool committed_ = true;
};

}  // namespace millrace
