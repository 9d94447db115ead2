// Live counters of a job: written by its threads, read by anyone at any time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include <millrace/run.h>

namespace millrace {

using Counter = std::atomic<std::uint64_t>;

/// What Progress is read from. Each counter only grows, but for bytes_read: a rewind takes back what will
/// be read again.
struct Metrics {
  Counter bytes_read{0};
  Counter batches{0};
  Counter batches_repeated{0};
  Counter epochs{0};
  Counter tokens{0};
  Counter rows{0};
  Counter device_fallbacks{0};
  Counter retries{0};
  std::array<Counter, kRejectReasons> rejected{};
};

}  // namespace millrace
