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

#include "host/log/frame.h"
#include "host/state/columns.h"
#include "kernels/key.h"

namespace millrace {

/// The rows of `columns` by the bytes of their keys, sorted by the workers; equal keys in any order.
BudgetVector<std::uint32_t> by_key(const Columns& columns, MemoryBudget& budget, WorkerPool& workers);

/// Writes a section. `order` numbers all rows. Memory: a few times that of the longest key, beside the budget.
void write_run(FrameWriter& frame, Pane pane, const Columns& columns, std::span<const std::uint32_t> order);

/// Reads a section, chunk by chunk, into columns that are not unique. Keys are hashed with `seed`. Functions
/// throw CorruptError and BudgetError.
class RunReader {
 public:
  RunReader(Columns& into, const HashSeed& seed) : into_(into), seed_(seed) {}
  void read(std::string_view chunk);
  /// After the last chunk.
  Pane finish() const;

 private:
  Columns& into_;
  HashSeed seed_;
  bool begun_ = false;
  Pane pane_;
  std::uint64_t rows_ = 0;
  std::vector<std::int64_t> values_;
};

/// What a run begins with.
struct RunHead {
  Pane pane;
  std::uint64_t rows = 0;
  std::uint64_t value_columns = 0;
};
RunHead head_of_run(std::string_view first_chunk);

}  // namespace millrace
