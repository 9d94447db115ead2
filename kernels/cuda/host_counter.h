// Counts on the host what a device cannot take: batches larger than its buffers, or than an empty pane.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include <millrace/backend.h>

#include "kernels/cpu/batch_counter.h"
#include "kernels/cpu/table/pane_table.h"

namespace millrace::cuda {

class HostCounter {
 public:
  HostCounter(const Plan& plan, const BackendOptions& options);

  void count(const Batch& batch, BudgetVector<Reject>& rejects);
  bool has(Pane pane) const { return panes_.contains(pane); }
  /// See Backend.
  std::size_t held_bytes() const;
  /// Hands over and forgets a pane. `alone`: nobody else hands over keys of it.
  void collect(Pane pane, bool alone, PartialSink& sink);

 private:
  const Plan plan_;  // a copy: the counter keeps a reference
  std::vector<ValueColumn> columns_;
  MemoryBudget& budget_;
  TableOptions rule_;
  BatchCounter counter_;
  std::map<Pane, PaneTable> panes_;
};

}  // namespace millrace::cuda
