// The words of the progress line and of the summary.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <millrace/run.h>
#include <millrace/types.h>

namespace millrace::cli {

/// Turns counters into a line, with a rate over the last seconds.
class ProgressText {
 public:
  explicit ProgressText(Instant start) : start_(start), last_(start) {}
  /// "1.2 GiB of 2.6 GiB, 45%, 312.0 MiB/s, 5 s left"; without a known total: "1.2 GiB, 312.0 MiB/s".
  std::string line(const Progress& progress, Instant now);

 private:
  Instant start_;
  Instant last_;
  std::uint64_t last_bytes_ = 0;
  double rate_ = 0;  ///< bytes per second
};

/// "1,234,567 words, 6.2 MiB in 0.04 s, 150.1 MiB/s, on cpu".
std::string summary_text(const Progress& progress, KeyedBy keyed_by, std::chrono::nanoseconds elapsed);

}  // namespace millrace::cli
