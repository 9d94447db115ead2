// What the engine and the committer ask of one reader.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <utility>

#include <millrace/types.h>

namespace millrace {

/// A mailbox: written by engine and committer, read by the reader between two reads of its source.
class Orders {
 public:
  /// What a reader finds in its mailbox. Offsets are handed out once.
  struct Current {
    bool drain = false;                ///< stop reading
    bool round_open = false;           ///< a marker is wanted, or was given and others are awaited
    std::uint64_t round = 0;           ///< numbers the rounds, so that a reader marks once in each
    std::optional<Offsets> rewind;     ///< forget everything and go on from here
    bool epoch_over = false;           ///< an epoch was committed, or there was nothing to commit
    std::optional<Offsets> committed;  ///< everything before is finished for good
  };

  void ask_for_marker() {
    const std::scoped_lock lock(mutex_);
    ++current_.round;
    current_.round_open = true;
  }
  void end_round() {
    const std::scoped_lock lock(mutex_);
    current_.round_open = false;
  }
  void drain() {
    const std::scoped_lock lock(mutex_);
    current_.drain = true;
  }
  void rewind(Offsets to) {
    const std::scoped_lock lock(mutex_);
    current_.rewind = std::move(to);
    current_.round_open = false;
  }
  void epoch_over(std::optional<Offsets> committed) {
    const std::scoped_lock lock(mutex_);
    current_.epoch_over = true;
    if (committed) current_.committed = std::move(committed);
  }

  Current read() {
    const std::scoped_lock lock(mutex_);
    Current current = std::exchange(current_, {});
    current_.drain = current.drain;
    current_.round_open = current.round_open;
    current_.round = current.round;
    return current;
  }

 private:
  std::mutex mutex_;
  Current current_;
};

}  // namespace millrace
