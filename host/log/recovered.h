// What a durable log kept of a job that did not come to its end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <millrace/types.h>

#include "host/log/epoch_log.h"
#include "host/state/columns.h"

namespace millrace {

/// Where the next run begins. How far inputs were read goes to their openers: see Resume.
struct Recovered {
  EpochId last;            ///< the last epoch that the log holds; 0: none
  std::int64_t stamp = 0;  ///< of that epoch
  /// No record lies in a pane before it any more, whatever the clock says now; empty: any pane.
  std::optional<Pane> pane;
  /// What was counted for panes that were not shown for good, the undecided ones included; keys by the seed of
  /// the run that begins.
  std::vector<std::pair<Pane, Columns>> open;
  /// The last epoch, where nobody knows whether every sink has it: it is shown again. Its partials are in
  /// `open`, and its marks, rejects and bad records are those of readers that are no more.
  std::optional<EpochData> undecided;
  std::uint64_t frame = 0;  ///< of the undecided one, see EpochLog::append
};

}  // namespace millrace
