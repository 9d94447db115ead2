// An epoch is folded when the next one proves it.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/snapshot/state_runs.h"

#include <algorithm>
#include <utility>

namespace millrace {

std::vector<RunPlace> places_of(const std::shared_ptr<const std::filesystem::path>& file, EpochId epoch,
                                const std::vector<RunSpan>& spans) {
  std::vector<RunPlace> places;
  for (const RunSpan& span : spans)
    places.push_back({.file = file, .width = RunWidth::narrow, .epoch = epoch, .span = span});
  return places;
}

void StateRuns::add(const EpochData& epoch, std::uint64_t frame, std::vector<RunPlace> runs) {
  settle(epoch.id);
  last_.clear();
  last_.push_back({epoch.id, frame, std::move(runs), epoch.closed, epoch.rejected});
}

void StateRuns::settle(EpochId next) {
  if (last_.empty() || last_.front().epoch >= next) return;
  fold(std::move(last_.front()));
  last_.clear();
}

void StateRuns::fold(Added added) {
  for (std::size_t reason = 0; reason < rejected_.size(); ++reason) rejected_[reason] += added.rejected[reason];
  for (RunPlace& run : added.runs) {
    PaneRuns& pane = panes_[run.span.pane];
    pane.closed = false;
    pane.runs.push_back(std::move(run));
  }
  for (const Pane closed : added.closed) {
    const auto pane = panes_.find(closed);
    const bool has_rows =
        pane != panes_.end() &&
        !std::ranges::all_of(pane->second.runs, [](const RunPlace& run) { return run.span.rows == 0; });
    if (has_rows || !windowed_) shown_ = {added.epoch, added.frame};
    if (pane == panes_.end()) continue;
    if (windowed_)
      panes_.erase(pane);
    else
      pane->second.closed = true;
  }
}

void StateRuns::begin(std::map<Pane, PaneRuns> panes, const Shown& shown, const RejectCounts& rejected) {
  rejected_ = rejected;
  panes_ = std::move(panes);
  shown_ = shown;
}

void StateRuns::replace(EpochId first, std::span<const RunPlace> snapshot) {
  for (auto& [pane, runs] : panes_) {
    std::erase_if(runs.runs, [&](const RunPlace& run) { return run.epoch < first; });
    for (const RunPlace& run : snapshot)
      if (run.span.pane == pane) runs.runs.push_back(run);
  }
}

}  // namespace millrace
