// Bounded retries with a pause that doubles.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include <millrace/options.h>

#include "host/engine/step.h"

namespace millrace {

/// Counts failures in a row and says when the next attempt may be made. Not thread-safe.
class Backoff {
 public:
  explicit Backoff(const Options& options) : retries_(options.retries), pause_(options.retry_pause) {}

  bool exhausted() const { return failures_ >= retries_; }
  void failed(Instant now) {
    const std::int64_t times = std::int64_t{1} << std::min(failures_, 20U);
    until_ = pause_ <= std::chrono::nanoseconds::max() / times ? later(now, pause_ * times) : kNever;
    ++failures_;
  }
  void succeeded() {
    failures_ = 0;
    until_ = Instant::min();
  }
  /// No attempt before this.
  Instant until() const { return until_; }

 private:
  unsigned retries_;
  std::chrono::nanoseconds pause_;
  unsigned failures_ = 0;
  Instant until_ = Instant::min();
};

}  // namespace millrace
