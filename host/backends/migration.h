// When a running job tries another backend: after so much input, on a sample of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <optional>

#include <millrace/backend.h>
#include <millrace/clock.h>

#include "host/backends/batch_sample.h"
#include "host/backends/trial.h"

namespace millrace {

/// A trial takes up to a second of a processor, and the end of a job waits for it. It may be in vain: it begins
/// when it is sure to be a small part of the job.
struct MigrationOptions {
  StartTrial start;  ///< empty: the job stays on its backend
  std::uint64_t after_bytes = kTrialAfterBytes;
  std::size_t sample_bytes = std::size_t{64} << 20;  ///< one batch of the other backend
  std::optional<std::uint64_t> input_bytes = {};     ///< in all, where that is known
  std::chrono::nanoseconds time_left{0};             ///< known input: the rest takes so long at the rate so far
  std::chrono::nanoseconds time_run{0};              ///< other input: the job has run for so long
};

/// Counts what the engine submits, copies a sample and waits for the trial's answer. The engine thread calls
/// everything; the destructor waits for a trial under way.
class Migration {
 public:
  Migration(MigrationOptions options, const Clock& clock, MemoryBudget& budget)
      : options_(std::move(options)), clock_(clock), budget_(budget), began_(clock.now()) {}
  ~Migration() { link_.stop = true; }
  Migration(const Migration&) = delete;
  Migration& operator=(const Migration&) = delete;

  /// The batch is about to be counted.
  void see(const Batch& batch);
  /// The answer, once it is there. Only one comes.
  std::optional<TrialAnswer> answer();
  /// An answer is being worked out: ask again soon.
  bool is_trying() const { return future_.valid(); }
  bool wants_quiet() const { return link_.quiet; }

 private:
  bool may_pay();
  void gather(const Batch& batch);

  MigrationOptions options_;
  const Clock& clock_;
  MemoryBudget& budget_;
  const Instant began_;
  std::uint64_t seen_ = 0;  ///< bytes
  bool gathering_ = true;   ///< no trial has been started yet
  std::optional<Sample> sample_;
  std::optional<TrialAnswer> refused_;  ///< the answer, where no trial was possible
  TrialLink link_;
  std::future<TrialAnswer> future_;  ///< last: it ends before what it uses
};

}  // namespace millrace
