// What a durable log kept of a job that did not come to its end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <millrace/types.h>

#include "host/log/logged_outputs.h"
#include "host/state/bad_records.h"

namespace millrace {

/// The last epoch of a log, where nobody knows whether every sink has it.
struct Undecided {
  std::vector<Pane> closed;  ///< see EpochData, as for the others
  bool last = false;
  bool partial = false;
  RejectCounts rejected{};
};

/// Where the next run begins. How far inputs were read goes to their openers: see Resume. What was counted
/// comes with EpochLog::replay.
struct Recovered {
  EpochId last;             ///< the last epoch that the log holds; 0: none
  std::int64_t stamp = 0;   ///< of that epoch
  std::uint64_t frame = 0;  ///< of that epoch, see EpochLog::append
  /// No record lies in a pane before it any more, whatever the clock says now; empty: any pane.
  std::optional<Pane> pane;
  std::set<Pane> open;                ///< something was counted for them that was not shown for good
  bool finished = false;              ///< the last epoch was the last of its job, and shown
  Shown shown;                        ///< the last epoch that had something to show, and was shown for good
  std::vector<LoggedOutput> outputs;  ///< those of the last run, and those that were left out
  RejectCounts rejected{};            ///< of all epochs: records that were not counted, by reason
  /// What was found damaged and is not needed, in words.
  std::vector<std::string> damage;
  /// The last epoch is to be shown again; its panes are among the open ones.
  std::optional<Undecided> undecided;
};

}  // namespace millrace
