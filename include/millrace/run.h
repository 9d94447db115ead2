// Running a job: its start and end, and what it tells of itself in between.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/job.h>
#include <millrace/types.h>

namespace millrace {

/// A record that was not counted, its texts shortened.
struct BadRecord {
  RejectReason reason = RejectReason::malformed;
  std::string text;
  std::uint32_t field = 0;  ///< the one that is missing or wrong; 0: no single one
  std::string field_text;
  std::string input;         ///< the name of the partition it came from; empty: it is not known
  std::int64_t offset = -1;  ///< where it begins there: a byte, or the number of a message

  /// " (INPUT at offset N)", for people; nothing if it is not known.
  std::string place() const;
};

/// Counters of a job, all since its start. Read at any time, by any thread.
struct Progress {
  std::uint64_t bytes_read = 0;
  std::optional<std::uint64_t> bytes_total;  ///< of all input, where it is known
  std::uint64_t batches = 0;                 ///< counted by the backend
  std::uint64_t batches_repeated = 0;        ///< given back uncounted and submitted again
  std::uint64_t epochs = 0;                  ///< committed
  std::uint64_t tokens = 0;                  ///< words, fields or rows behind all committed keys
  std::uint64_t rows = 0;                    ///< written to the sinks
  std::uint64_t device_fallbacks = 0;
  std::uint64_t retries = 0;                             ///< of sources and sinks
  std::array<std::uint64_t, kRejectReasons> rejected{};  ///< by RejectReason
  std::vector<BadRecord> bad_records;                    ///< a few of them
  std::size_t memory_used = 0;
  std::size_t memory_peak = 0;
  std::string backend;

  std::uint64_t rejected_total() const;
};

/// Where a job's time went. Shares are of all threads of a kind since the start; stages are medians of the
/// latest few hundred batches and epochs, in the order in which they are passed; what is called "of that" is a
/// part of the one before it.
struct TimeSpent {
  struct Part {
    std::string_view what;  ///< for people, as "reading"
    std::chrono::nanoseconds time{};
  };
  std::chrono::nanoseconds elapsed{};  ///< since the start, or from start to end
  unsigned readers = 0;                ///< threads, whose times add up
  std::vector<Part> reading;
  std::vector<Part> counting;   ///< the thread between readers and backend
  std::vector<Part> finishing;  ///< the thread that writes
  std::vector<Part> batch;
  std::vector<Part> epoch;
  std::vector<std::chrono::nanoseconds> sinks;  ///< of an epoch; the eighth has all behind it, too
};

struct Summary {
  Progress progress;
  TimeSpent time;
  /// Input that has an end was not read to it: stop() ended the job before, or a connection broke.
  bool partial = false;
};

/// A job under way. The destructor stops and waits. Any thread may call any function, also several at once. One
/// that was moved from has no job: its functions throw ConfigError.
class [[nodiscard]] RunningJob {
 public:
  RunningJob(RunningJob&&) noexcept;
  RunningJob& operator=(RunningJob&&) noexcept;
  ~RunningJob();

  /// Drain: stop reading, count what was read, write the result, end. Returns at once; safe to call twice, and
  /// after the end.
  void stop();
  /// Waits for the end, as often as it is called. Throws what ended the job early; ConfigError where a function
  /// of the job itself calls it, which would wait for ever.
  Summary wait();
  [[nodiscard]] bool finished() const;
  [[nodiscard]] Progress progress() const;
  [[nodiscard]] TimeSpent time_spent() const;

 private:
  friend RunningJob start(Job job);
  struct Impl;
  explicit RunningJob(std::unique_ptr<Impl> impl);
  Impl& impl() const;
  std::unique_ptr<Impl> impl_;
};

/// Checks the job, opens its sources and sinks, starts its threads. Before any thread has started it throws
/// what is wrong, or, where several things are, one ConfigError with all of them; LimitError where the system
/// refuses a thread; wait() throws it, too.
RunningJob start(Job job);

/// start and wait.
Summary run(Job job);

}  // namespace millrace
