// What the engine and the committer ask of the readers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <millrace/partition.h>

#include "host/engine/event_count.h"
#include "host/engine/ring.h"

namespace millrace {

/// A mailbox: written by engine and committer, read by the reader between two reads of its source.
class ReaderMailbox {
 public:
  /// What a reader finds in its mailbox. Positions are handed out once.
  struct Orders {
    bool drain = false;                    ///< stop reading
    bool round_open = false;               ///< a marker is wanted, or was given and others are awaited
    std::uint64_t round = 0;               ///< numbers the rounds, so that a reader marks once in each
    std::optional<ReaderPosition> rewind;  ///< forget everything and go on from here
    bool epoch_over = false;               ///< an epoch was committed, or there was nothing to commit
    Marks committed;                       ///< everything before is finished for good
  };

  void change(const std::function<void(Orders&)>& make) {
    const std::scoped_lock lock(mutex_);
    make(current_);
  }

  Orders read() {
    const std::scoped_lock lock(mutex_);
    Orders current = std::exchange(current_, {});
    current_.drain = current.drain;
    current_.round_open = current.round_open;
    current_.round = current.round;
    return current;
  }

 private:
  std::mutex mutex_;
  Orders current_;
};

/// The one place where readers are told anything: it puts an order into every mailbox first and wakes the
/// readers then, so that none looks too early and sleeps on. Engine and committer may call it at one time.
class ReaderMailboxes {
 public:
  /// `asleep` is what readers wait for outside their sources; `wake_source` ends a wait inside. Both outlive
  /// it.
  ReaderMailboxes(std::size_t readers, EventCount& asleep, std::function<void(std::size_t reader)> wake_source);

  ReaderMailbox& of(std::size_t reader) { return *mailboxes_[reader]; }

  void ask_for_markers();
  void end_round();
  void drain();
  void rewind(std::span<const ReaderPosition> to);
  /// `finished` has everything before which is finished for good, by reader; empty: nothing new.
  void epoch_over(std::span<const Marks> finished);

 private:
  enum class Where : bool { outside_sources, anywhere };
  void tell(Where waiting, const std::function<void(ReaderMailbox::Orders&, std::size_t reader)>& order);

  std::vector<std::unique_ptr<ReaderMailbox>> mailboxes_;
  EventCount& asleep_;
  std::function<void(std::size_t)> wake_source_;
};

}  // namespace millrace
