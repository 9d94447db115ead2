// Rows for tests of sinks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <millrace/sink.h>

namespace millrace::testing {

/// Words with counts, and the views of them that a sink takes.
class Rows {
 public:
  void add(std::string key, std::int64_t count) { owned_.push_back({std::move(key), {Int128{count}}}); }
  std::vector<Aggregate> aggregates() const {
    std::vector<Aggregate> rows;
    for (const Owned& row : owned_)
      rows.push_back({std::nullopt, row.key, static_cast<std::int64_t>(row.values[0]), row.values});
    return rows;
  }
  std::string text() const {
    std::string lines;
    for (const Owned& row : owned_) lines += row.key + '\t' + to_string(row.values[0]) + '\n';
    return lines;
  }

 private:
  struct Owned {
    std::string key;
    std::array<Int128, 1> values;
  };
  std::vector<Owned> owned_;
};

inline Rows rows_of(std::uint64_t epoch, std::size_t count) {
  Rows rows;
  for (std::size_t i = 0; i < count; ++i)
    rows.add("word" + std::to_string(epoch) + '.' + std::to_string(i), static_cast<std::int64_t>(i));
  return rows;
}

inline RowLayout count_layout() {
  return {.format = Format::text, .header = false, .measures = {Measure{}}, .names = {"count"}};
}

}  // namespace millrace::testing
