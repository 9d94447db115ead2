// Shares of the whole, and milliseconds.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/time_text.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "host/program/cli/terminal/human.h"

namespace millrace::cli {
namespace {

using std::chrono::nanoseconds;

double milliseconds(nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string shares(const std::vector<TimeSpent::Part>& parts, nanoseconds whole) {
  std::vector<std::string> texts;
  for (const TimeSpent::Part& part : parts) {
    const double percent = whole.count() == 0 ? 0 : 100 * milliseconds(part.time) / milliseconds(whole);
    texts.push_back(fmt::format("{:.0f}% {}", std::min(percent, 100.0), part.what));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string stages(const std::vector<TimeSpent::Part>& parts) {
  std::vector<std::string> texts;
  for (const TimeSpent::Part& part : parts)
    texts.push_back(fmt::format("{:.2f} ms {}", milliseconds(part.time), part.what));
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

std::vector<std::string> time_text(const TimeSpent& time) {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("time: {} {} in {}: {}", time.readers, time.readers == 1 ? "reader" : "readers",
                              human_time(time.elapsed), shares(time.reading, time.elapsed * time.readers)));
  lines.push_back("time: the counting thread: " + shares(time.counting, time.elapsed));
  lines.push_back("time: the writing thread: " + shares(time.finishing, time.elapsed));
  if (!time.batch.empty()) lines.push_back("time: a batch (median): " + stages(time.batch));
  if (time.epoch.empty()) return lines;
  std::vector<std::string> sinks;
  for (const nanoseconds sink : time.sinks) sinks.push_back(fmt::format("{:.2f}", milliseconds(sink)));
  lines.push_back(fmt::format("time: an epoch (median): {}; each output: {} ms", stages(time.epoch),
                              fmt::join(sinks, ", ")));
  return lines;
}

}  // namespace millrace::cli
