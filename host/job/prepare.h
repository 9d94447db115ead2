// From a job as data to its parts, with all that is wrong told at once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <millrace/run.h>

#include "host/engine/pipeline.h"
#include "host/job/faults/faults.h"
#include "host/job/input_warnings.h"
#include "host/log/frame_log.h"

namespace millrace {

/// A job that can be started: its parts are made and opened, and nothing outside has changed.
struct Prepared {
  std::unique_ptr<Faults> faults;  ///< outlives the parts; null: there are none
  PipelineParts parts;
  std::string reason;                        ///< why it counts with that backend
  std::optional<std::uint64_t> bytes_total;  ///< of all input, where it is known
  std::optional<FrameLogOptions> log;        ///< of its checkpoint: how to open it
  bool over = false;                         ///< the job has ended before, and there is nothing new to read
};

/// Takes the job's checkpoint, if it has one, and claims its outputs: the last that may refuse a start. Throws
/// ConfigError (77) where another process has gone on with the checkpoint since it was looked at.
void claim(Prepared& prepared);

/// Makes the parts of a job: `run` starts them, `check` prints them. `budget` has memory_of(job), and outlives
/// them. Throws what is wrong; if several things are, one ConfigError with all of them, and the exit code of
/// the first; but what cannot be read or written goes first, as no change of the command line mends it.
Prepared prepare(Job job, MemoryBudget& budget, const std::shared_ptr<InputWarnings>& input_warnings);

/// Bytes: what the job asks for, or half of the machine or cgroup.
std::size_t memory_of(const Job& job);

/// What ends a record of a job, and how long it may be.
Framing framing_of(const Job& job);

const Clock& clock_of(const Job& job);
Disk& disk_of(const Job& job);

/// The rows of a job as its outputs write them.
RowLayout layout_of(const Job& job);

/// Null pointers and empty functions, which cannot be called.
inline constexpr auto is_empty = [](const auto& object) { return !object; };

}  // namespace millrace
