// Rates and forecasts from counters.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/progress_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "host/program/cli/terminal/human.h"

namespace millrace::cli {
namespace {

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

std::string_view tokens_of(KeyedBy keyed_by) {
  switch (keyed_by) {
    case KeyedBy::words: return "words";
    case KeyedBy::split: return "pieces";
    case KeyedBy::fields: return "records";
    case KeyedBy::record: return "lines";
    case KeyedBy::rows: return "rows";
  }
  return "tokens";
}

}  // namespace

std::string ProgressText::line(const Progress& progress, Instant now) {
  const double span = seconds(now - last_);
  if (span > 0) {
    // What a reader that goes back takes from bytes_read is read again: no rate is below 0.
    const std::uint64_t more = progress.bytes_read - std::min(progress.bytes_read, last_bytes_);
    const double rate = static_cast<double>(more) / span;
    // Two seconds of memory: steady enough to read, quick enough to follow.
    const double weight = last_ == start_ ? 1 : 1 - std::exp(-span / 2);
    rate_ += weight * (rate - rate_);
    last_ = now;
    last_bytes_ = progress.bytes_read;
  }
  const std::string rate = human_bytes(rate_) + "/s";
  const auto read = static_cast<double>(progress.bytes_read);
  if (!progress.bytes_total || *progress.bytes_total == 0)
    return fmt::format("{}, {}", human_bytes(read), rate);

  const auto total = static_cast<double>(*progress.bytes_total);
  const double share = std::min(read / total, 1.0);
  std::string text = fmt::format("{} of {}, {:.0f}%, {}", human_bytes(read), human_bytes(total),
                                 std::floor(share * 100), rate);
  // The forecast rests on the whole run, so that a short pause does not make it jump.
  const double elapsed = seconds(now - start_);
  if (share > 0 && share < 1 && elapsed >= 1) {
    const double left = elapsed / share - elapsed;
    text += fmt::format(", {} left", human_time(std::chrono::seconds(std::llround(std::ceil(left)))));
  }
  return text;
}

std::string summary_text(const Progress& progress, KeyedBy keyed_by, std::chrono::nanoseconds elapsed) {
  const auto bytes = static_cast<double>(progress.bytes_read);
  const double rate = bytes / std::max(seconds(elapsed), 1e-9);
  std::string text = fmt::format("{} {}, {} in {}, {}/s", human_count(progress.tokens), tokens_of(keyed_by),
                                 human_bytes(bytes), human_time(elapsed), human_bytes(rate));
  if (!progress.backend.empty()) text += ", on " + progress.backend;
  return text;
}

}  // namespace millrace::cli
