// Runs: the partials of one pane as a frame holds them, in the order of their keys' bytes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/types.h>
#include <millrace/worker_pool.h>

#include "host/log/encoding.h"
#include "host/log/frame.h"
#include "host/state/columns.h"
#include "kernels/key.h"

namespace millrace {

/// The rows of `columns` by the bytes of their keys, sorted by the workers; equal keys in any order.
BudgetVector<std::uint32_t> by_key(const Columns& columns, MemoryBudget& budget, WorkerPool& workers);

/// Where a run lies in a file, or in a frame: behind the kind of its section.
struct RunSpan {
  Pane pane;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;  ///< that its chunks hold, not compressed
  std::uint64_t rows = 0;   ///< of a wide run that was found 1: some
};

/// Writes a section. `order` numbers all rows. Memory: a few times that of the longest key, beside the budget.
void write_run(FrameWriter& frame, Pane pane, const Columns& columns, std::span<const std::uint32_t> order);

/// A row of a run: what was counted of a key.
struct RunRow {
  std::string key;
  std::int64_t count = 0;
  std::vector<Int128> values;
};

/// Rows have values of 64 bits in a frame, and of 128 in a snapshot.
enum class RunWidth : bool { narrow, wide };

/// Appends rows, in the order of their keys, to the section that was begun.
class RunRows {
 public:
  explicit RunRows(FrameWriter& frame) : frame_(frame) {}
  void add(std::string_view key, std::int64_t count, std::span<const Int128> values);

 private:
  FrameWriter& frame_;
  std::string before_;  ///< the key of the row before, in the same chunk
};

/// Reads the row that follows another one of the same chunk: `row` holds that one, or none at the chunk's
/// begin, and has as many values as the job. Throws CorruptError.
void read_row(Decoder& bytes, RunWidth width, RunRow& row);

/// What a run's section begins with.
struct RunHead {
  Pane pane;
  std::uint64_t rows = 0;  ///< of a narrow run
  std::uint64_t value_columns = 0;
};
void put_head(std::string& out, RunWidth width, const RunHead& head);
RunHead read_head(Decoder& bytes, RunWidth width);

/// Reads a section, chunk by chunk, into columns that are not unique. Keys are hashed with `seed`. Functions
/// throw CorruptError and BudgetError.
class RunReader {
 public:
  RunReader(Columns& into, RunWidth width, const HashSeed& seed) : into_(into), width_(width), seed_(seed) {}
  void read(std::string_view chunk);
  /// After the last chunk.
  Pane finish() const;

 private:
  Columns& into_;
  RunWidth width_;
  HashSeed seed_;
  bool begun_ = false;
  RunHead head_;
  RunRow row_;
};

}  // namespace millrace
