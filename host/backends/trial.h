// A trial: is another backend faster than the one that a job runs on?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <millrace/backend.h>

#include "host/backends/batch_sample.h"

namespace millrace {

/// How much faster it must be: a move costs a collect of everything, and measurements scatter.
inline constexpr double kWorthMoving = 1.1;

struct TrialAnswer {
  std::string reason;            ///< one line
  std::vector<HostBuffer> pool;  ///< the ring's buffers after the move; outlives the backend, which may read it
  std::unique_ptr<Backend> backend;  ///< go over to this one, which is empty; null: stay
};

/// What a trial and the engine tell each other while it runs; outlives the trial.
struct TrialLink {
  double job_rate = 0;            ///< to the trial, before it starts: bytes per second that the job has counted
  std::atomic<bool> stop{false};  ///< to the trial: nobody waits for the answer
  std::atomic<bool> quiet{false};  ///< to the engine: give the processors no new work, they are being measured
};

/// Starts a trial of the sample; the engine asks now and then whether the answer is there. The destructor of
/// what it returns waits for the trial's end.
using StartTrial = std::function<std::future<TrialAnswer>(Sample sample, TrialLink& link)>;

struct TrialOptions {
  BackendFactory other;    ///< makes what is tried; may throw an Error
  BackendFactory present;  ///< makes another backend like the one that the job runs on
  std::size_t readers = 1;
  unsigned threads = 1;         ///< of `present`, for the reason
  std::size_t batch_bytes = 0;  ///< as the job was told; 0: what suits the backend
  std::size_t memory = 0;       ///< of the job
};

/// Measures both on this thread. Throws nothing: whatever goes wrong is a reason to stay.
TrialAnswer run_trial(const TrialOptions& options, Sample sample, TrialLink& link);

/// Runs it on a thread of its own, so that a driver can start while the job goes on. To start one throws
/// LimitError where the system refuses the thread.
StartTrial trial_in_background(TrialOptions options);

}  // namespace millrace
