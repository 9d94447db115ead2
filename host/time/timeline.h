// When batches and epochs passed each place of a job, and what its threads did meanwhile.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include <millrace/clock.h>

namespace millrace {

/// The way of one batch, in the order of its places.
struct BatchTimes {
  Instant opened;                      ///< its first record came
  Instant closed;                      ///< by its reader, into the ring
  Instant popped;                      ///< by the engine
  Instant submitted;                   ///< to the backend
  Instant finished;                    ///< counted
  std::chrono::nanoseconds working{};  ///< what the backend says of the time between the last two
};

/// Sinks of a job whose times are told apart; those behind them are taken together.
inline constexpr std::size_t kSinksTimed = 8;

/// The way of one epoch.
struct EpochTimes {
  Instant asked;      ///< readers, for their markers
  Instant marked;     ///< by all of them
  Instant collected;  ///< from the backend
  Instant appended;   ///< to the log
  Instant folded;     ///< into state
  Instant published;  ///< to all sinks
  Instant committed;
  std::array<std::chrono::nanoseconds, kSinksTimed> sinks{};  ///< what each of them took
};

/// The latest records of a kind, in memory that is taken once. One thread adds, any thread looks.
template <class Record>
class History {
 public:
  static constexpr std::size_t kKept = 512;

  void add(const Record& record) {
    const std::scoped_lock lock(mutex_);
    records_[added_++ % kKept] = record;
  }
  /// In no order.
  std::vector<Record> latest() const {
    const std::scoped_lock lock(mutex_);
    return {records_.begin(), records_.begin() + static_cast<std::ptrdiff_t>(std::min(added_, kKept))};
  }

 private:
  mutable std::mutex mutex_;
  std::array<Record, kKept> records_{};
  std::size_t added_ = 0;
};

/// What a thread is seen to do; the rest of its time it works.
enum class Activity : std::uint8_t {
  source,          ///< a reader in its source, which may wait for input
  placing,         ///< a reader passes records through the user's function and into batches
  reader_waits,    ///< for a buffer, or for the end of a round
  backend,         ///< the engine waits for a batch to be counted
  collect,         ///< the engine takes partials from the backend
  engine_waits,    ///< for anything to do
  committer_waits  ///< for an epoch
};
inline constexpr std::size_t kActivities = 7;

struct Timeline {
  History<BatchTimes> batches;
  History<EpochTimes> epochs;
  std::array<std::atomic<std::int64_t>, kActivities> nanoseconds{};  ///< by activity, of all threads
};

/// Adds the time it lives to an activity.
class Stopwatch {
 public:
  Stopwatch(Timeline& timeline, Activity activity, const Clock& clock)
      : sum_(timeline.nanoseconds[static_cast<std::size_t>(activity)]), clock_(clock), begin_(clock.now()) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() { sum_.fetch_add((clock_.now() - begin_).count(), std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t>& sum_;
  const Clock& clock_;
  const Instant begin_;
};

}  // namespace millrace
