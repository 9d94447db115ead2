// What an output has of the epochs that earlier runs have shown, and what it lacks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <millrace/event.h>
#include <millrace/types.h>

#include "host/log/logged_outputs.h"
#include "host/log/recovered.h"

namespace millrace {

/// What is known of a sink when a job starts.
struct OpenedSink {
  std::string name = "an output";  ///< in messages
  std::string listed_as = {};      ///< see LoggedOutput; empty: the log does not list it
  bool remembers = false;          ///< see Sink
  bool accept_gap = false;         ///< see Job
  std::optional<Shown> last = {};  ///< what it said when it was probed, then when it was opened
};

/// Whether a sink has finished that epoch. Of one that keeps no frames only the number is known.
bool is_same(const Shown& told, const Shown& epoch);

/// Epochs that an output does not have, though rows were shown in the last of them, and perhaps in others.
struct Gap {
  EpochId first;
  EpochId last;
};

/// What an output would lack if the job went on with it. Nothing: it has all that it was to have, begins with
/// what comes now, or the job has no windows, so that its next rows are of everything.
std::optional<Gap> gap_of(const OpenedSink& sink, const Recovered& log, bool windowed);

/// Whether the job may not go on with an output that has a gap: one that does not remember may have been shown
/// the rows, or holds none for anybody.
inline bool is_refused(const OpenedSink& sink) {
  return sink.remembers && !sink.accept_gap;
}

/// What is wrong then: what the output lacks, and what to do.
std::string refusal_of(const OpenedSink& sink, const Gap& gap);

/// Once the output is open: throws ConfigError (77) where it has finished what the log does not hold, or has a
/// gap and is refused. Tells of other gaps, and of an output that begins late.
void require_in_step(const OpenedSink& sink, const Recovered& log, bool windowed, const OnEvent& on_event);

/// The list for the log of the run that begins with these sinks. An output that goes on with a gap begins anew;
/// one that was shown nothing before it is left out is not listed any more.
std::vector<LoggedOutput> outputs_of_run(std::span<const OpenedSink> sinks, const Recovered& log,
                                         bool windowed);

}  // namespace millrace
