// An epoch as a frame, and back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <millrace/worker_pool.h>

#include "host/log/epoch_log.h"
#include "host/log/frame.h"
#include "host/log/logged_inputs.h"
#include "host/log/logged_outputs.h"
#include "host/log/run.h"
#include "kernels/key.h"

namespace millrace {

/// Writes all sections of an epoch. In a key frame `inputs` are told whole, as they stand after the epoch, else
/// what the epoch found and marked. Returns where its runs lie in the frame.
std::vector<RunSpan> write_epoch(FrameWriter& frame, const EpochData& epoch, const LoggedInputs* inputs,
                                 MemoryBudget& budget, WorkerPool& workers);

/// Writes the sections that rows are made of, and those that are not known here, as they are read: byte by byte
/// what they were. Returns where the runs lie in the frame that is written. Throws as FrameReader.
std::vector<RunSpan> copy_epoch(FrameReader& from, FrameWriter& to);

/// What is wanted of an epoch beside its facts.
struct EpochReading {
  LoggedInputs* inputs = nullptr;  ///< as they stood before the frame; afterwards, after it. Null: nobody asks
  /// As inputs: those of the last key frame.
  std::vector<LoggedOutput>* outputs = nullptr;
  /// For partials, with as many value columns as the job has; null: nobody wants them, and of each run there
  /// are empty columns.
  MemoryBudget* budget = nullptr;
  std::size_t value_columns = 0;
  HashSeed seed = {};
  std::vector<RunSpan>* runs = nullptr;  ///< where they lie in the file; null: nobody asks
  /// Of each pane, how many rows its runs have is added here. Null: nobody asks.
  std::map<Pane, std::uint64_t>* rows = nullptr;
};

/// Reads the frame whose head was read, to its end. Marks go to the inputs. Throws CorruptError, TooNewError,
/// IoError, BudgetError.
EpochData read_epoch(FrameReader& frames, const FrameHead& head, const EpochReading& reading);

}  // namespace millrace
