// Watches over the program: signals, the limit on draining, the progress line.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include <millrace/run.h>

#include "host/program/cli/terminal/status_line.h"

namespace millrace::cli {

/// From watch() on, ending_signals() are taken by a thread that waits for nobody. Before the job is started,
/// the first one ends the process at once, with 128 and its number; after that it stops the job, which then
/// drains; and the second one, or a drain that takes too long, ends the process.
class Supervisor {
 public:
  struct Manners {
    bool show_progress = false;
    std::chrono::nanoseconds drain_timeout{0};
    /// Another signal within this time is still the first one: timeout(1) sends one to the process and to its
    /// group, systemd may send SIGHUP behind SIGTERM, and a terminal that closes tells a shell, which tells its
    /// jobs.
    std::chrono::nanoseconds one_event = std::chrono::milliseconds{100};
  };

  explicit Supervisor(StatusLine& status) : status_(status) {}
  /// Signals stay blocked, so that none ends a process that is at its end already.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// Call it before there are threads: they inherit what is blocked. Throws if the machine refuses a thread or
  /// a descriptor.
  void watch(const Manners& manners);
  /// Starts the job and waits for its end. Afterwards, also if it throws, nothing is drawn any more.
  Summary run(Job job);
  /// All is done but the last words: from now on a signal ends the process with this status.
  void leave_with(int exit_code);
  /// The signal that stopped the job; 0 if none did.
  int signal() const { return signal_; }

 private:
  enum class Phase : std::uint8_t { before, running, over };

  void attend();
  std::chrono::milliseconds time_to_wait();
  void take_signal();
  [[noreturn]] void end_at_once(const char* why);

  StatusLine& status_;
  Manners manners_;
  std::atomic<int> signal_ = 0;
  Instant signal_time_;  ///< when the first one came
  Instant drain_deadline_ = Instant::max();
  int signals_ = -1;  ///< descriptor that tells of signals
  int leaving_ = -1;  ///< descriptor that ends the thread
  std::mutex mutex_;  ///< of what follows; held for moments
  Phase phase_ = Phase::before;
  RunningJob* job_ = nullptr;     ///< once it has started, until it ends
  std::optional<int> exit_code_;  ///< once it is known
  std::jthread thread_;
};

}  // namespace millrace::cli
