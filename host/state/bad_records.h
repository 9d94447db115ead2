// Records that were not counted: how many, and what the first few of them look like.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include <millrace/plan.h>
#include <millrace/run.h>
#include <millrace/types.h>

namespace millrace {

using RejectCounts = std::array<std::uint64_t, kRejectReasons>;

/// As many are shown as people want to see.
inline constexpr std::size_t kBadRecordsShown = 3;

/// What is wrong with a record that a backend has rejected, texts shortened.
BadRecord describe(RejectReason reason, std::string_view record, const Plan& plan);

/// Adds of `more` what there is room for.
void add_shown(std::vector<BadRecord>& shown, const std::vector<BadRecord>& more);

/// The first few bad records of a job's committed epochs. Any thread may call it.
class BadRecords {
 public:
  void add(const std::vector<BadRecord>& more) {
    const std::scoped_lock lock(mutex_);
    add_shown(shown_, more);
  }
  std::vector<BadRecord> get() const {
    const std::scoped_lock lock(mutex_);
    return shown_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<BadRecord> shown_;
};

}  // namespace millrace
