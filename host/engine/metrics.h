// Live counters of a job: written by its threads, read by anyone at any time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include <millrace/run.h>

#include "host/state/bad_records.h"
#include "host/time/timeline.h"

namespace millrace {

using Counter = std::atomic<std::uint64_t>;

/// The name of the backend that counts now.
class BackendName {
 public:
  void set(std::string_view name) {
    const std::scoped_lock lock(mutex_);
    name_ = name;
  }
  std::string get() const {
    const std::scoped_lock lock(mutex_);
    return name_;
  }

 private:
  mutable std::mutex mutex_;
  std::string name_;
};

/// What Progress is read from. Each counter only grows, but for bytes_read and batches: a rewind takes back
/// what will be read and counted again.
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
  BadRecords bad_records;
  BackendName backend;
  Timeline timeline;
};

}  // namespace millrace
