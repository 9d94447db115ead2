// Jobs from memory to memory: sources that hold a text, and what a sink was given.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <millrace/run.h>
#include <millrace/testing/memory_sink.h>
#include <millrace/testing/memory_source.h>

namespace millrace {

/// Makes one memory source with the job's framing; `feed` writes its input and may keep it.
inline SourceFactory memory(std::function<void(testing::MemorySource&)> feed, bool replayable = true) {
  return [feed, replayable](const SourceOptions& options) {
    auto source = std::make_unique<testing::MemorySource>(options.framing, replayable);
    feed(*source);
    SourceList list;
    list.push_back(std::move(source));
    return list;
  };
}

/// One memory source that holds `bytes` and ends.
inline SourceFactory text(std::string bytes) {
  return memory([bytes](testing::MemorySource& source) {
    source.push(bytes);
    source.finish();
  });
}

/// The first measure of each key, over all epochs.
inline std::map<std::string, std::int64_t> totals(const testing::MemorySink& sink) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [epoch, rows] : sink.epochs())
    for (const testing::MemoryRow& row : rows) counts[row.key] += static_cast<std::int64_t>(row.values.at(0));
  return counts;
}

}  // namespace millrace
