// How a job runs. Nearly every field is a long flag of the program with the same name.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <millrace/backend.h>
#include <millrace/event.h>

namespace millrace {

/// What to do with a record that cannot be counted. Skipped ones are counted by reason.
enum class OnBadRecord : std::uint8_t { skip, stop };

struct Options {
  // What is computed does not depend on these: they trade speed, delay and memory.
  BackendKind backend = BackendKind::automatic;
  unsigned threads = 0;         ///< CPU workers; 0: the processors this process may use
  unsigned readers = 0;         ///< threads that read what can be split; 0: as many as `threads`
  std::size_t memory = 0;       ///< bytes for buffers, keys and queues; 0: half of the machine or cgroup
  std::size_t batch_bytes = 0;  ///< a batch closes at this size; 0: what suits the backend
  std::chrono::nanoseconds batch_time = std::chrono::milliseconds{100};  ///< ... or at this age
  std::size_t batch_records = 0;  ///< ... or after this many records, in word jobs words; 0: no limit
  /// An epoch ends at this age; 0: with a checkpoint 10 s, else at window ends and at the end.
  std::chrono::nanoseconds commit_every{0};

  // What happens when something goes wrong.
  /// N: one collect of a backend in N, the first one too, holds what a second backend has counted as well, and
  /// the job ends where the two differ; 0: none.
  unsigned verify = 0;
  std::size_t max_record_bytes = std::size_t{16} << 20;  ///< a longer one is bad, also if a function made it
  OnBadRecord on_bad_record = OnBadRecord::skip;
  unsigned retries = 5;  ///< of a source or sink that failed for now
  std::chrono::nanoseconds retry_pause = std::chrono::milliseconds{100};  ///< doubles with each retry

  OnEvent on_event;
};

}  // namespace millrace
