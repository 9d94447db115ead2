// The ring: batch buffers go round from the pool to a reader, to the engine's queue, and back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include <millrace/backend.h>
#include <millrace/memory_budget.h>
#include <millrace/partition.h>
#include <millrace/types.h>

#include "base/row_data.h"
#include "host/engine/event_count.h"
#include "host/time/timeline.h"

namespace millrace {

/// A buffer with records on its way to the backend: the owner of what Batch views.
struct FilledBatch {
  explicit FilledBatch(MemoryBudget& budget)
      : ends(BudgetAllocator<std::uint32_t>(budget)),
        origins(BudgetAllocator<OriginRun>(budget)),
        rows(budget) {}
  unsigned reader = 0;
  Pane pane;
  BufferId buffer;
  std::size_t bytes = 0;
  BudgetVector<std::uint32_t> ends;
  /// They count bytes, or where there are `ends`, records. None: nobody asks, or it is not known.
  BudgetVector<OriginRun> origins;
  bool has_rows = false;
  RowData rows;
  BatchTimes times;
};

/// Where a reader stands in its source, or where that has changed.
struct ReaderPosition {
  Marks marks;
  std::uint64_t bytes = 0;  ///< that it has read until here
};

/// A reader's word that everything it pushed before lies before these marks, and nothing after does.
struct Marker {
  unsigned reader = 0;
  ReaderPosition position;      ///< the marks that have changed since the last marker
  std::uint64_t oversized = 0;  ///< records skipped since the last marker
};

/// The reader has nothing more: its source ended, or it was told to drain.
struct Ended {
  unsigned reader = 0;
  bool partial = false;  ///< its source has an end and was not read to it
  bool stopped = false;  ///< more could follow: the next run may go on
};

/// The reader lost partitions and waits for a commit.
struct Revoked {
  unsigned reader = 0;
};

/// The reader has gone back to the position it was told.
struct Rewound {
  unsigned reader = 0;
};

using RingItem = std::variant<Ended, FilledBatch, Marker, Revoked, Rewound>;

/// Pool and queue. The number of buffers bounds both, in bytes. Any thread may call any function.
class Ring {
 public:
  explicit Ring(MemoryBudget& budget) : budget_(budget) {}

  /// Buffers of one capacity make up the pool. Those of an earlier pool are freed: free ones at once, the
  /// others as they come home.
  void fill(std::vector<HostBuffer> pool);
  std::span<std::byte> memory(BufferId buffer) const;

  /// A free buffer with room for `at_least`, the last one used first, because it is still in the processor's
  /// cache. A record that is larger than the pool's buffers gets one of its own: it is asked for with the
  /// first call, which returns none, and had from a later one. Readers get theirs in the order in which they
  /// asked, and wait where those that are out take much of the budget.
  std::optional<BufferId> acquire(unsigned reader, std::size_t at_least);
  /// Memory for the reader itself, in the same way and the same order. It does not come back.
  std::optional<HostBuffer> acquire_memory(unsigned reader, std::size_t bytes);
  /// Takes back what the reader asked for, and frees what it has not fetched.
  void withdraw(unsigned reader);
  void push(RingItem item);

  /// Moves the oldest item out; false if there is none.
  bool pop(RingItem& item);
  /// Back into the pool; a one-off buffer, and one of an earlier pool, is freed.
  void release(BufferId buffer);
  /// Allocates the one-off buffers that were asked for; false if none could be. Throws BudgetError if the
  /// budget holds the first of them not even alone.
  bool serve_one_offs();
  /// Whether no buffer is free, or one is asked for, and none is queued: only the backend can give one back.
  bool drained() const;

  EventCount readers;  ///< a buffer came back, or there are new orders
  EventCount engine;   ///< an item was pushed, or a reader waits for a buffer

 private:
  static constexpr std::uint32_t kFirstOneOff = std::uint32_t{1} << 31;

  /// For a buffer of its own.
  struct Request {
    unsigned reader;
    std::size_t capacity;
  };

  bool in_pool(std::uint32_t index) const { return index >= pool_begin_ && index < pool_end_; }
  std::optional<BufferId> acquire_now(unsigned reader, std::size_t at_least);
  void ask(unsigned reader, std::size_t capacity);
  void forget(unsigned reader);
  std::optional<HostBuffer> allocate(std::size_t capacity) const;

  MemoryBudget& budget_;
  mutable std::mutex mutex_;
  std::map<std::uint32_t, HostBuffer> buffers_;
  std::uint32_t pool_begin_ = 0;  ///< the pool's buffers are numbered in a row
  std::uint32_t pool_end_ = 0;
  std::size_t pool_capacity_ = 0;  ///< of each of its buffers
  std::vector<BufferId> free_;     ///< of the pool
  std::deque<RingItem> queue_;
  std::uint32_t next_one_off_ = kFirstOneOff;
  std::vector<Request> asked_;  ///< the oldest first
  std::map<unsigned, BufferId> granted_;
};

}  // namespace millrace
