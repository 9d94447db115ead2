// Which runs of a log make up the state.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include <millrace/types.h>

#include "host/log/epoch_log.h"
#include "host/log/run.h"

namespace millrace {

/// A run in a file.
struct RunPlace {
  std::shared_ptr<const std::filesystem::path> file;
  RunWidth width = RunWidth::narrow;
  EpochId epoch;  ///< it is of; of a snapshot the last one
  RunSpan span;
};

/// Runs of an epoch, as they lie in a file.
std::vector<RunPlace> places_of(const std::shared_ptr<const std::filesystem::path>& file, EpochId epoch,
                                const std::vector<RunSpan>& spans);

struct PaneRuns {
  std::vector<RunPlace> runs;
  bool closed = false;  ///< and kept, see StateRuns
};

/// The state as a fold of runs: of each pane those that were not shown for good. The one pane of a job without
/// windows stays, as the next run goes on counting if the input has grown. Not thread-safe.
class StateRuns {
 public:
  explicit StateRuns(bool windowed) : windowed_(windowed) {}

  /// An epoch, in turn. The last one may come again: what it was before is void.
  void add(const EpochData& epoch, std::uint64_t frame, std::vector<RunPlace> runs);
  /// What the epochs before `next` have left, which are over. REQUIRES: none behind it was added.
  void settle(EpochId next);
  const std::map<Pane, PaneRuns>& panes() const { return panes_; }
  /// The last of these epochs that had something to show.
  const Shown& shown() const { return shown_; }

  /// How many records all of them have not counted, by reason.
  const RejectCounts& rejected() const { return rejected_; }

  /// Begins with what a snapshot holds.
  void begin(std::map<Pane, PaneRuns> panes, const Shown& shown, const RejectCounts& rejected);
  /// Runs of epochs before `first` are in a snapshot now.
  void replace(EpochId first, std::span<const RunPlace> snapshot);

 private:
  struct Added {
    EpochId epoch;
    std::uint64_t frame = 0;
    std::vector<RunPlace> runs;
    std::vector<Pane> closed;
    RejectCounts rejected{};
  };
  void fold(Added added);

  bool windowed_;
  std::map<Pane, PaneRuns> panes_;
  Shown shown_;
  RejectCounts rejected_{};
  std::vector<Added> last_;  ///< one at most: whether it was shown is not known yet
};

}  // namespace millrace
