// What stands between a job that is to fail on purpose and the world.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "host/job/faults/faulty_disk.h"
#include "host/job/faults/faulty_ends.h"

namespace millrace {

/// Outlives the parts of the job. A job that has no faults has none of this either.
class Faults {
 public:
  Faults(std::string_view plan, Disk& disk, OnEvent on_event)
      : plan_(plan, std::move(on_event)), log_(disk, plan_, "log"), outputs_(disk, plan_, "output") {}
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;

  Disk& log() { return log_; }
  Disk& outputs() { return outputs_; }
  void stand_before(SourceList& sources, std::vector<std::shared_ptr<Sink>>& sinks) {
    for (auto& source : sources) source = std::make_unique<FaultySource>(std::move(source), plan_);
    for (auto& sink : sinks) sink = std::make_shared<FaultySink>(std::move(sink), plan_);
  }

 private:
  FaultPlan plan_;
  FaultyDisk log_;
  FaultyDisk outputs_;
};

}  // namespace millrace
