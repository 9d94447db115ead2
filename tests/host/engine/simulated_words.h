// The words of a simulated job: which of them count, in which windows, and what an earlier run had of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/source.h>
#include <millrace/types.h>

namespace millrace::simulation {

/// The backends reject it.
inline bool is_bad(std::string_view word) {
  return word.front() == 'd' && word.size() % 3 == 0;
}

/// The sources skip it.
inline bool is_oversized(std::string_view word) {
  return word.front() == 'c' && word.size() % 4 == 0;
}

/// Neither of both.
inline bool is_counted(std::string_view word) {
  return !is_bad(word) && !is_oversized(word);
}

using Counts = std::map<std::string, std::int64_t>;
using WindowCounts = std::map<std::pair<std::string, std::optional<Window>>, std::int64_t>;

/// Whether every record is shown once, and not before the window of `earliest` nor after that of `latest`: so
/// far as each word's windows go, as many are shown as there must be, and no more than there may be.
inline bool is_between(const WindowCounts& shown, const WindowCounts& earliest, const WindowCounts& latest) {
  struct Sums {
    std::int64_t shown = 0, earliest = 0, latest = 0;
  };
  std::map<std::pair<std::string, std::optional<Window>>, Sums> all;
  for (const auto& [at, count] : shown) all[at].shown = count;
  for (const auto& [at, count] : earliest) all[at].earliest = count;
  for (const auto& [at, count] : latest) all[at].latest = count;
  Sums sum;  // of a word's windows, which follow each other
  for (auto it = all.begin(); it != all.end(); ++it) {
    sum.shown += it->second.shown;
    sum.earliest += it->second.earliest;
    sum.latest += it->second.latest;
    if (sum.shown > sum.earliest || sum.shown < sum.latest) return false;
    // Behind the last one the bounds are equal.
    const auto next = std::next(it);
    if (next != all.end() && next->first.first != it->first.first) sum = {};
  }
  return true;
}

/// What a source had of a run that is over.
struct SimPast {
  std::string name;
  std::vector<std::string> words;
  /// Of those that were read, in which windows the read began and returned.
  std::vector<std::pair<std::optional<Window>, std::optional<Window>>> windows;
};

/// Of earlier runs, what their epochs in the log hold.
struct PastCounts {
  void add(const SimPast& source, std::size_t end) {
    for (std::size_t i = 0; i < end; ++i) {
      bad += is_bad(source.words[i]) ? 1U : 0U;
      oversized += is_oversized(source.words[i]) ? 1U : 0U;
      if (!is_counted(source.words[i])) continue;
      ++counts[source.words[i]];
      ++begun[{source.words[i], source.windows.at(i).first}];
      ++returned[{source.words[i], source.windows.at(i).second}];
    }
  }
  Counts counts;
  WindowCounts begun, returned;
  std::uint64_t bad = 0, oversized = 0;
};

/// How far the log says that an input was read. It was not told of it before it read.
inline std::size_t read_of(const std::string& name, const Resume& inputs) {
  for (const Mark& mark : inputs.marks)
    if (inputs.partitions[mark.partition].name == name) return static_cast<std::size_t>(mark.next);
  return 0;
}

}  // namespace millrace::simulation
