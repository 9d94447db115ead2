// Runs merged by key, row by row, with little in memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include <millrace/disk.h>
#include <millrace/plan.h>

#include "host/log/snapshot/state_runs.h"

namespace millrace {

/// Reads a run row by row; a chunk of it is in memory. Functions throw CorruptError and IoError.
class RunCursor {
 public:
  RunCursor(std::shared_ptr<const DiskReader> file, const RunPlace& place, std::size_t value_columns,
            Codec* codec);
  /// Goes to the next row. False: there is none.
  bool next();
  /// REQUIRES: next() was true.
  const RunRow& row() const { return row_; }

 private:
  bool next_chunk();

  std::shared_ptr<const DiskReader> file_;
  FrameReader frames_;
  RunWidth width_;
  Decoder chunk_{{}};
  bool begun_ = false;
  RunRow row_;
};

/// What reading a run takes at most, but for keys above a chunk's size.
std::size_t memory_of(const RunPlace& run);

/// Functions throw CorruptError and IoError. Not thread-safe.
class RunMerge {
 public:
  /// `codec`: see FrameReader; it outlives the merge.
  RunMerge(Disk& disk, std::span<const RunPlace> runs, std::span<const ValueColumn> columns,
           Codec* codec = nullptr);
  /// The next key, with what all runs have of it; null: there is none. Valid until the next call.
  const RunRow* next();

 private:
  bool is_later(std::size_t a, std::size_t b) const;
  void advance_first();
  void add(const RunRow& more);

  std::vector<ValueColumn> columns_;
  std::deque<RunCursor> cursors_;
  std::vector<std::size_t> heap_;  ///< of cursors that have a row, the least key first
  RunRow row_;
};

}  // namespace millrace
