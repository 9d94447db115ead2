// Watches over a running job: signals, the limit on draining, the progress line.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

#include <millrace/run.h>

#include "host/cli/status_line.h"

namespace millrace::cli {

/// Make it before the job, so that all threads of the job inherit blocked signals. The first SIGINT or
/// SIGTERM stops the job, which then drains; the second, or a drain that takes too long, ends the process
/// at once with 130 or 143. So does the first as long as no job is attended to.
class Attendant {
 public:
  Attendant(StatusLine& status, bool show_progress, std::chrono::nanoseconds drain_timeout);
  ~Attendant();
  Attendant(const Attendant&) = delete;
  Attendant& operator=(const Attendant&) = delete;

  /// Waits for the job's end. Afterwards, also if it throws, nothing is watched and the line is erased.
  Summary wait_for(RunningJob& job);
  /// The signal that stopped the job; 0 if none did.
  int signal() const { return signal_.load(); }

 private:
  void leave();
  void watch();
  void take_signal();
  [[noreturn]] void end_at_once(const char* why);

  StatusLine& status_;
  const bool shows_progress_;
  const std::chrono::nanoseconds drain_timeout_;
  const Instant start_;
  Instant drain_deadline_ = Instant::max();
  std::atomic<RunningJob*> job_ = nullptr;
  std::atomic<int> signal_ = 0;
  int signals_ = -1;  ///< descriptor that tells of signals
  int leaving_ = -1;  ///< descriptor that leave() writes to
  std::thread thread_;
};

}  // namespace millrace::cli
