// The books of a source that reads one thing from front to back, once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <millrace/partition.h>

namespace millrace::io {

class OnlyPartition {
 public:
  explicit OnlyPartition(std::string name) : partition_{.name = std::move(name)} {}

  std::span<const Partition> list() const { return {&partition_, 1}; }
  const std::string& name() const { return partition_.name; }
  /// Appends how far it was read, if that is news.
  void mark(std::uint64_t next, bool done, Marks& changed) {
    const Mark now{.next = static_cast<std::int64_t>(next), .done = done};
    if (std::exchange(told_, now) != now) changed.push_back(now);
  }

 private:
  Partition partition_;
  std::optional<Mark> told_;
};

}  // namespace millrace::io
