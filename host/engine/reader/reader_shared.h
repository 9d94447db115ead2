// What all readers of a job share.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <millrace/clock.h>
#include <millrace/functions.h>
#include <millrace/memory_budget.h>
#include <millrace/options.h>
#include <millrace/plan.h>

#include "host/engine/metrics.h"
#include "host/engine/origins.h"
#include "host/engine/ring.h"
#include "host/time/pane_clock.h"

namespace millrace {

/// Everything outlives the readers.
struct ReaderShared {
  const Plan& plan;
  const HostFunction& host;  ///< may be empty
  const Options& options;
  const Clock& clock;
  PaneClock& panes;
  Ring& ring;
  PartitionTable& partitions;
  MemoryBudget& budget;
  Metrics& metrics;
  bool durable = false;  ///< a log is to know of partitions that appear
};

}  // namespace millrace
