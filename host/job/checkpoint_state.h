// What a checkpoint holds, for whoever wants to look into it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <millrace/disk.h>
#include <millrace/source.h>
#include <millrace/types.h>

#include "host/log/epoch_log.h"
#include "host/log/logged_outputs.h"

namespace millrace {

struct CheckpointState {
  std::string job;          ///< its canonical text
  std::uint64_t birth = 0;  ///< see JobId
  EpochId snapshot;         ///< the last epoch in the snapshot with which a start begins; 0: there is none
  std::uint64_t snapshot_bytes = 0;
  std::vector<std::string> damage;  ///< of what is not needed, in words
  std::size_t segments = 0;         ///< behind it
  std::uint64_t bytes = 0;          ///< of these
  /// Behind the last whole frame: of one that is being written, or was cut off.
  std::uint64_t unfinished_bytes = 0;
  EpochData last;          ///< number 0: there is only the beginning
  bool committed = false;  ///< the last epoch was shown to all sinks
  std::chrono::nanoseconds every{};
  /// Of the panes with which the next run begins, how many rows were kept: they have that many keys at most,
  /// as a key has a row in each epoch in which it came.
  std::map<Pane, std::uint64_t> rows;
  std::uint64_t rejected = 0;
  Resume inputs;
  std::vector<LoggedOutput> outputs;
};

/// Reads all of a checkpoint, and so checks it. Changes nothing and takes no lock: its job may be under way.
/// Nothing: the directory holds none. Throws as Checkpoint.
std::optional<CheckpointState> read_checkpoint_state(Disk& disk, const std::filesystem::path& directory);

}  // namespace millrace
