// A job as data: sources + functions + plan + sinks + options, and the machine that it runs on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <millrace/backend.h>
#include <millrace/clock.h>
#include <millrace/disk.h>
#include <millrace/functions.h>
#include <millrace/options.h>
#include <millrace/plan.h>
#include <millrace/sink.h>
#include <millrace/source.h>

namespace millrace {

using SourceFactory = std::function<SourceList(const SourceOptions&)>;

/// Where a job meets the machine, so that tests may put doubles there, such as those of millrace/testing/. Null
/// and empty: the real ones. What is given outlives the job.
struct Seams {
  using MakeBackend = std::function<std::unique_ptr<Backend>(const Plan&, const BackendOptions&)>;

  /// Windows, ages of batches and epochs, pauses between retries and TimeSpent go by it. What a source, a
  /// backend or a sink times for itself goes by the machine's clock: the work on a batch, the rate of
  /// generate:, the patience of tcp:, Sink::probe.
  const Clock* clock = nullptr;
  /// Where `to` has its files. What stands at their paths (links, directories, devices) is looked for on the
  /// machine's disk: name a file in a directory that is there, or a DIRECTORY/ of any name. The caller's thread
  /// uses it in start() and when the job is destroyed, a thread of the job in between.
  Disk* disk = nullptr;
  /// Makes what counts, instead of Options::backend. If it fails, a job on `automatic` goes on with the CPU.
  /// The budget in its options outlives it.
  MakeBackend backend;
  /// Where the job is to fail on purpose, such as "log.synced:2:kill"; what there is, and what happens, is in
  /// docs/exactly-once.md. Empty: nowhere.
  std::string faults = {};
};

/// A job is data. Sources and sinks are addresses, or objects of the caller.
struct Job {
  std::string name;  ///< for whoever watches it or keeps something of it: printable, no '/', at most 100 bytes
  std::vector<std::string> from;            ///< addresses for open_sources
  std::vector<SourceFactory> from_sources;  ///< the caller's own
  HostFunction host;    ///< runs on records before keys are found; empty: they go straight to the backend
  std::string version;  ///< of `host`, which cannot be compared: another one when it does something else
  Plan plan;
  std::vector<std::string> to;                  ///< addresses for open_sink
  std::vector<std::shared_ptr<Sink>> to_sinks;  ///< the caller's own
  std::vector<RowFunction> to_functions;
  /// A directory in which the job keeps what it needs to go on after any end, even of the machine; empty: none.
  /// It makes the directory, which belongs to one job at a time.
  std::string checkpoint;
  /// With a checkpoint: an output that lacks rows of earlier epochs, as it was left out or emptied, goes on
  /// without them, and a warning tells which. Otherwise it is refused.
  bool accept_gap = false;
  RowLayout layout;  ///< of `to`; columns are filled in from the plan, format and header are the caller's
  Options options;
  Seams seams = {};
};

/// Everything that is wrong with a job that can be told without starting it.
[[nodiscard]] std::vector<std::string> problems(const Job& job);

/// What decides which records of its input a job counts, and how: the plan's text with lines for the job's
/// name, its records and its functions. Inputs, outputs and formats are not in it. REQUIRES: the job has no
/// problems.
[[nodiscard]] std::string canonical_text(const Job& job);

}  // namespace millrace
