// The pipeline: readers, engine and committer of one job, and the threads around them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <millrace/backend.h>
#include <millrace/clock.h>
#include <millrace/functions.h>
#include <millrace/options.h>
#include <millrace/run.h>
#include <millrace/sink.h>
#include <millrace/source.h>
#include <millrace/worker_pool.h>

#include "host/engine/committer.h"
#include "host/engine/engine.h"
#include "host/engine/metrics.h"
#include "host/engine/reader/reader.h"
#include "host/engine/reader_mailbox.h"
#include "host/engine/ring.h"
#include "host/log/epoch_log.h"
#include "host/log/recovered.h"
#include "host/time/pane_clock.h"

namespace millrace {

/// The parts of a job, made and opened. The budget and the clock outlive the pipeline.
struct PipelineParts {
  std::unique_ptr<WorkerPool> workers = std::make_unique<WorkerPool>(1);  ///< first: backends use it
  Plan plan;
  Options options;  ///< every 0 that means "choose" is chosen
  std::vector<std::unique_ptr<Source>> sources;
  std::vector<std::shared_ptr<Sink>> sinks;
  std::unique_ptr<Backend> backend;
  BackendFactory fallback;  ///< for a backend that may fail; may be empty
  MigrationOptions migration = {};
  std::unique_ptr<EpochLog> log;
  const Clock& clock;
  MemoryBudget& budget;
  std::uint64_t state_seed = 0;  ///< to be drawn for each job, apart from the backend's
  JobId job = {};                ///< what the sinks were opened for
  HostFunction host = {};        ///< may be empty
  Recovered recovered = {};      ///< of an earlier run
  /// Where the sources begin, see first_positions. Empty: they were not asked yet.
  std::vector<ReaderPosition> positions = {};
  /// Of each sink; may be empty.
  std::vector<OpenedSink> opened = {};
};

/// Asks sources for their first marks, which tell of all partitions. It can be done once.
std::vector<ReaderPosition> first_positions(const std::vector<std::unique_ptr<Source>>& sources);

/// Lets a durable log begin, or go on, with the parts' sources. Comes before sinks are opened: what they are
/// asked for is of a job that its log knows.
void start_log(PipelineParts& parts);

/// Runs once. The steppers are public to the simulator, which drives them without run().
class Pipeline {
 public:
  explicit Pipeline(PipelineParts parts);
  ~Pipeline();

  /// The engine's thread: starts the others, ends when the job has ended. Throws what ended it early.
  void run();
  /// Stop reading, count what was read, write the result. Any thread.
  void drain();

  /// Ends the job early, with what run() is to throw; the first one counts. Any thread.
  void fail(std::exception_ptr error) noexcept;

  /// Whether the calling thread is one of those of run().
  bool runs_this_thread() const;
  bool partial() const { return engine_->partial(); }
  const Metrics& metrics() const { return metrics_; }

  Engine& engine() { return *engine_; }
  Committer& committer() { return *committer_; }
  std::vector<std::unique_ptr<Reader>>& readers() { return readers_; }
  Ring& ring() { return ring_; }
  PaneClock& panes() { return panes_; }

 private:
  void start_others(std::vector<std::jthread>& threads);
  void run_reader(std::size_t reader);
  void tell_the_last_commit(std::size_t reader);
  void run_committer();
  void run_engine();
  void guard(const std::function<void()>& loop) noexcept;
  void end_threads() noexcept;

  PipelineParts parts_;
  Metrics metrics_;
  PaneClock panes_;
  Ring ring_;
  PartitionTable partitions_;
  ReaderMailboxes mailboxes_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Engine> engine_;

  std::atomic<bool> over_{false};
  std::mutex error_mutex_;
  std::exception_ptr error_;  ///< the first one
};

}  // namespace millrace
