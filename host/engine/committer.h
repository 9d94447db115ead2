// The committer: merges an epoch into state, shows it to one sink after the other, and finishes it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <millrace/clock.h>
#include <millrace/options.h>
#include <millrace/plan.h>
#include <millrace/sink.h>

#include "host/engine/backoff.h"
#include "host/engine/event_count.h"
#include "host/engine/metrics.h"
#include "host/engine/opened_sink.h"
#include "host/engine/reader_mailbox.h"
#include "host/engine/ring.h"
#include "host/engine/step.h"
#include "host/log/epoch_log.h"
#include "host/log/recovered.h"
#include "host/state/results.h"
#include "host/time/pane_clock.h"

namespace millrace {

/// What the committer works with. Everything outlives it.
struct CommitterShared {
  const Plan& plan;
  const Options& options;
  const Clock& clock;
  const PaneClock& panes;
  Ring& ring;                ///< to wake the engine
  ReaderMailboxes& readers;  ///< told what is committed
  EpochLog& log;
  WorkerPool& workers;
  MemoryBudget& budget;
  Metrics& metrics;
  std::uint64_t state_seed;
  const JobId& job;
};

/// Its thread (or a simulator) calls step(); the engine thread calls accept() and idle().
class Committer {
 public:
  /// `opened`: a line for each sink, or nothing.
  Committer(std::vector<std::shared_ptr<Sink>> sinks, std::span<const OpenedSink> opened,
            const CommitterShared& shared);

  /// Goes on where an earlier run has ended. Called once, before anything else.
  void resume(Recovered recovered);

  /// Hands over an epoch. REQUIRES: idle().
  void accept(EpochData epoch);
  /// No epoch is there: the last one is finished for good.
  bool idle() const { return idle_.load(std::memory_order_acquire); }

  Step step();

  EventCount work;  ///< an epoch was handed over

 private:
  struct SinkProgress {
    std::shared_ptr<Sink> sink;
    std::string name;
    std::optional<Shown> last;        ///< that it has finished
    bool finished = false;            ///< the epoch under way
    bool failed = false;              ///< and was not opened since
    bool gone = false;                ///< nobody reads it any more
    std::chrono::nanoseconds took{};  ///< for the epoch
    bool wants_epoch() const { return !finished && !gone; }
  };

  void replay(const Recovered& recovered);
  bool tend_log();
  void take(EpochData taken);
  void begin(std::uint64_t frame);
  Step publish(SinkProgress& sink);
  void show(SinkProgress& showing);
  void open_again(SinkProgress& showing);
  void finish(const EpochData& epoch);
  void forget(const std::vector<Pane>& closed);
  void note_times(EpochTimes times);

  CommitterShared shared_;
  Results results_;
  std::vector<SinkProgress> sinks_;  ///< those that can repeat an epoch without a trace come first

  std::atomic<bool> idle_{true};
  std::mutex handover_;
  std::optional<EpochData> handed_;  ///< guarded by handover_

  std::optional<EpochData> epoch_;  ///< recorded, not yet finished
  Epoch told_;                      ///< what sinks are told of it
  Instant tend_until_{};            ///< the log comes before the next epoch until then
  bool shows_ = false;              ///< it has something for them
  std::uint64_t tokens_ = 0;        ///< of it
  std::uint64_t rows_ = 0;
  Backoff backoff_;
};

}  // namespace millrace
