// The epoch log: the one place where an epoch becomes impossible to lose.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include <millrace/partition.h>
#include <millrace/types.h>

#include "host/state/bad_records.h"
#include "host/state/columns.h"
#include "host/time/timeline.h"

namespace millrace {

/// What one epoch did: the frame of the log is made from it.
struct EpochData {
  EpochId id;
  std::int64_t stamp = 0;                          ///< see Epoch
  std::vector<std::pair<Pane, Columns>> partials;  ///< a pane may come several times
  std::vector<Pane> closed;                        ///< panes whose rows are final, oldest first
  Pane pane;                                       ///< records that come later lie in it or behind it
  std::vector<std::vector<Partition>> found;       ///< per reader, new ones, with marks; for a durable log only
  std::vector<Marks> marks;     ///< per reader, those changed: this and earlier epochs read everything before
  std::vector<Marks> finished;  ///< likewise: all before is in closed panes or durable; empty: nothing new
  RejectCounts rejected{};
  std::vector<BadRecord> bad_records;  ///< a few of those rejected
  bool last = false;                   ///< see Epoch
  bool partial = false;
  EpochTimes times;
};

/// What one reader reads, and how far it has come.
struct ReaderInputs {
  std::vector<Partition> partitions;
  Marks marks;  ///< one for each partition, in their order
};

/// An epoch, and what append() said of it.
using TakeEpoch = std::function<void(EpochData&& epoch, std::uint64_t frame)>;

/// Who makes a job calls start() and replay(), then the committer thread append() and commit() in turn. Not
/// thread-safe.
class EpochLog {
 public:
  virtual ~EpochLog() = default;
  /// Whether epochs outlive the process; then an epoch's end collects open panes too.
  virtual bool durable() const = 0;
  /// Hands over every epoch of earlier runs, from the first on, without marks; in place of the first ones there
  /// may be what they have left, as partials of the last of them. Keys are hashed by the seed of the run that
  /// begins.
  virtual void replay(const TakeEpoch& take) { static_cast<void>(take); }
  /// Before the first read: what the readers begin with. What replay() hands over is durable when it returns.
  virtual void start(const std::vector<ReaderInputs>& readers) { static_cast<void>(readers); }
  /// The epoch can no longer be lost when this returns. Returns a checksum of what its rows are made of, which
  /// stays the same when the frame is written anew; 0: there is none.
  virtual std::uint64_t append(const EpochData& epoch) = 0;
  /// Does a piece of what can wait, some milliseconds of it. False: nothing is left to do. Throws Error where
  /// that failed: the log is as good as before.
  virtual bool work() { return false; }
  /// The epoch was shown to the world: it is finished for good.
  virtual void commit(EpochId id) = 0;
};

/// The log of a job without a checkpoint: epochs live in memory only.
class NoEpochLog final : public EpochLog {
 public:
  bool durable() const override { return false; }
  std::uint64_t append(const EpochData&) override { return 0; }
  void commit(EpochId) override {}
};

}  // namespace millrace
