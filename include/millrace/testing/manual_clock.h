// A clock that stands still until a test moves it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include <millrace/clock.h>

namespace millrace::testing {

/// Monotonic and calendar time move together, unless the calendar is set. Any thread may read it and move it. A
/// thread that waits for a later instant looks each millisecond whether it has come.
class ManualClock final : public Clock {
 public:
  /// Starts at `start` of the calendar; its monotonic time starts at one hour, so that deadlines may lie
  /// before.
  explicit ManualClock(Timestamp start = Timestamp{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}})
      : start_(start) {}

  Instant now() const override { return Instant{std::chrono::hours{1}} + passed(); }
  Timestamp wall() const override { return start_ + passed() + std::chrono::nanoseconds{set_by_.load()}; }
  Instant wake_for(Instant instant) const override {
    if (instant == Instant::max()) return instant;  // it waits for a notification alone
    return instant <= now() ? Instant{} : std::chrono::steady_clock::now() + std::chrono::milliseconds{1};
  }
  void advance(std::chrono::nanoseconds by) { passed_ += by.count(); }
  /// Sets the calendar on, or back if `by` is negative, as the owner of a machine does.
  void set_wall(std::chrono::nanoseconds by) { set_by_ += by.count(); }

 private:
  std::chrono::nanoseconds passed() const { return std::chrono::nanoseconds{passed_.load()}; }

  Timestamp start_;
  std::atomic<std::int64_t> passed_{0};
  std::atomic<std::int64_t> set_by_{0};
};

}  // namespace millrace::testing
