// The engine: takes batches from the ring to the backend and decides where epochs end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <millrace/backend.h>
#include <millrace/clock.h>
#include <millrace/options.h>

#include "host/backends/migration.h"
#include "host/backends/trial.h"
#include "host/engine/committer.h"
#include "host/engine/marker_round.h"
#include "host/engine/metrics.h"
#include "host/engine/origins.h"
#include "host/engine/reader_mailbox.h"
#include "host/engine/ring.h"
#include "host/engine/step.h"
#include "host/log/epoch_log.h"
#include "host/time/pane_clock.h"
#include "kernels/backend_driver.h"

namespace millrace {

/// What the engine works with. Everything outlives it.
struct EngineShared {
  const Plan& plan;
  const Options& options;
  const Clock& clock;
  PaneClock& panes;
  Ring& ring;
  ReaderMailboxes& readers;
  Committer& committer;
  const PartitionTable& partitions;
  MemoryBudget& budget;
  Metrics& metrics;
  bool durable = false;     ///< epochs outlive the process
  bool replayable = false;  ///< every source can go back
};

/// What a job counts with, in the course of its life.
struct EngineBackends {
  std::unique_ptr<Backend> first;
  BackendFactory fallback;     ///< for a backend that may fail; may be empty
  MigrationOptions migration;  ///< REQUIRES, if set: `first` cannot fail
};

/// Where an engine begins.
struct EngineStart {
  std::vector<ReaderPosition> positions;  ///< of the readers, whole
  EpochId last = {};                      ///< the number that was given last
  std::int64_t stamp = 0;
  std::set<Pane> open_panes = {};  ///< that the committer's state holds
  bool over = false;               ///< the last epoch has its number already: nothing is read any more
};

/// Owns the backend. Its thread (or a simulator) calls step(); any thread may call drain().
///
/// An epoch ends at markers: when one is due, every reader is asked, closes its buffers and pushes its
/// marker; when all have marked, the engine waits for the backend, collects and hands over to the
/// committer. When a device is lost, what was collected for the epoch under way is thrown away and
/// sources go back to the last epoch handed over; where a source cannot, counted buffers are held until
/// a collect covers them, and go to the fallback.
///
/// A job may move to a faster backend, once. It moves where an epoch ends: that epoch holds all that the old
/// backend has counted, open panes too, so that a device lost later takes nothing of it along.
class Engine {
 public:
  Engine(EngineBackends backends, EngineStart start, const EngineShared& shared);

  Step step();
  void drain() { drain_asked_.store(true, std::memory_order_release); }

  bool finished() const { return finished_; }
  /// A source that has an end was not read to it.
  bool partial() const { return round_.partial(); }

 private:
  /// The bad records of a batch.
  struct Rejected {
    RejectCounts counts{};
    std::vector<BadRecord> shown;
  };
  /// A batch that is kept although it is counted, because the device may take what it has counted along.
  struct Held {
    FilledBatch batch;
    Rejected rejected;
  };

  Step advance();
  void pass_on_drain();
  bool pop_item();
  void on(FilledBatch filled);
  void on(Marker marker);
  void on(const Ended& ended) { round_.on(ended); }
  void on(const Revoked& revoked) { round_.on(revoked); }
  void on(const Rewound& rewound) { round_.on(rewound); }

  void drive(std::unique_ptr<Backend> backend);
  void submit(FilledBatch filled);
  bool reclaim_finished();
  void take_back(const Finished& finished);
  Rejected rejects_of(const Finished& finished) const;
  void add_to_epoch(const Rejected& rejected);
  void collect(Pane pane);

  bool epoch_may_end() const;
  bool epoch_is_due(Instant now) const;
  bool is_overdue(Instant now) const;
  bool is_large() const;
  bool anything_new() const;
  bool is_held_up(Instant now) const;
  Instant due_by_clock() const;
  Instant next_wake() const;
  void finish_round();
  void finish_epoch();
  std::int64_t next_stamp();
  void hand_over_marks();
  std::vector<Partition> found_since(unsigned reader, std::size_t known) const;
  std::vector<Marks> finished_marks();
  void finish_job_if_done();
  void lose_device(const DeviceError& error);
  void rewind_readers();
  void ask_for_the_trial();
  void migrate();
  void tell(Event::Level level, std::string text) const;
  bool holds_buffers() const { return backend_->may_fail() && !shared_.replayable; }

  EngineShared shared_;
  std::size_t value_columns_;
  BackendFactory fallback_;
  std::optional<Migration> migration_;
  std::optional<TrialAnswer> migrating_;  ///< to be done when the next epoch has ended

  std::map<BufferId, FilledBatch> uncounted_;  ///< that the backend was given
  std::map<Pane, std::vector<Held>> held_;     ///< counted, not yet covered by a collect
  std::unique_ptr<Backend> backend_;           ///< goes before the batches that it may still read
  std::optional<BackendDriver> driver_;
  std::set<Pane> open_panes_;  ///< panes with data anywhere, not yet closed

  EpochData epoch_;            ///< under way
  std::uint64_t batches_ = 0;  ///< whose partials and rejects it has, or the backend
  std::uint64_t epochs_ = 0;   ///< numbers given
  std::int64_t stamp_ = 0;     ///< of the last one that has a number
  Instant epoch_began_;
  std::size_t collected_bytes_ = 0;  ///< of its partials
  bool submitted_ = false;           ///< a batch, in the epoch under way
  MarkerRound round_;
  bool over_ = false;  ///< no epoch follows any more

  std::vector<ReaderPosition> handed_positions_;  ///< where the last epoch handed over ends, whole
  std::uint64_t handed_bytes_ = 0;                ///< their sum
  std::set<Pane> handed_open_panes_;
  /// Marks handed over that are finished for good once no pane up to the given one is open.
  std::optional<std::pair<Pane, std::vector<Marks>>> unfinished_;
  std::vector<Marks> unfinished_later_;  ///< those of later epochs

  std::atomic<bool> drain_asked_{false};
  bool drain_passed_on_ = false;
  std::atomic<bool> finished_{false};
};

}  // namespace millrace
