// Snapshots: the state as it was behind an epoch, so that older frames need not be kept, nor read again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

#include <millrace/disk.h>
#include <millrace/types.h>

#include "host/log/epoch_log.h"
#include "host/log/file_head.h"
#include "host/log/logged_epoch.h"
#include "host/log/snapshot/state_runs.h"

namespace millrace {

/// A snapshot that was read whole. Positions of inputs are not in it: the first frame behind it is a key frame.
struct Snapshot {
  FileHead head;
  std::map<Pane, PaneRuns> panes;
  Shown shown;              ///< the last epoch in it that had something to show
  RejectCounts rejected{};  ///< of all its epochs
  std::uint64_t bytes = 0;  ///< of the file
};

/// Reads the whole file. Throws CorruptError, TooNewError and IoError. `codec`: see FrameReader.
Snapshot read_snapshot(Disk& disk, const std::filesystem::path& path, Codec* codec = nullptr);

/// Its panes as partials of the last epoch in it. Throws as read_snapshot, and BudgetError.
EpochData read_state(Disk& disk, const Snapshot& snapshot, const EpochReading& reading, Codec* codec = nullptr);

/// How many keys each pane has. Throws as read_snapshot.
std::map<Pane, std::uint64_t> count_rows(Disk& disk, const Snapshot& snapshot, Codec* codec = nullptr);

/// Writes what a snapshot says of itself: a section.
void write_shown(FrameWriter& frame, const Snapshot& snapshot);

}  // namespace millrace
