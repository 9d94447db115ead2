// What a job shows: the state of its open panes, and their rows in the plan's order.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include <millrace/plan.h>
#include <millrace/types.h>

#include "host/state/pane_state.h"
#include "host/state/row_order.h"
#include "host/state/row_writer.h"
#include "host/time/pane_clock.h"

namespace millrace {

/// What the results are made with. Everything outlives them.
struct ResultsShared {
  const Plan& plan;
  const PaneClock& panes;
  WorkerPool& workers;
  MemoryBudget& budget;
  std::uint64_t seed = 0;
};

/// Each pane is a window of its own, or the whole stream. The order of its rows is kept with it, as it may be
/// shown to several sinks, and again. The committer thread owns it. Functions throw BudgetError and LimitError.
class Results {
 public:
  explicit Results(const ResultsShared& shared)
      : shared_(shared), columns_(value_columns(shared.plan.measures)) {}

  void merge(Pane pane, Columns&& partials);
  /// Whether these panes show anything. A job without windows shows its end even if nothing was counted: an
  /// empty input has an empty result.
  bool has_rows(std::span<const Pane> closed);
  /// Hands a pane's rows over: any number of times the same ones in the same order.
  void write(Pane pane, const RowWriter::Receive& receive);
  void forget(Pane pane) { panes_.erase(pane); }

 private:
  struct Result {
    Result(const std::vector<ValueColumn>& columns, const ResultsShared& shared)
        : state(columns, shared.seed, shared.budget) {}
    PaneState state;
    std::optional<OrderedRows> order;  ///< of the state as it is now
  };
  Result& result_of(Pane pane) { return panes_.try_emplace(pane, columns_, shared_).first->second; }

  ResultsShared shared_;
  std::vector<ValueColumn> columns_;
  std::map<Pane, Result> panes_;
};

}  // namespace millrace
