// Copies a pane's merged entries to the host, chunk by chunk, and makes partials of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include <millrace/backend.h>

#include "kernels/cuda/buffer.h"
#include "kernels/cuda/device_api.h"
#include "kernels/cuda/device_types.h"

namespace millrace::cuda {

/// Host memory for one collect. Throws BudgetError.
class RowTransfer {
 public:
  RowTransfer(DeviceApi& device, std::uint32_t columns, std::uint32_t rows, MemoryBudget& budget);

  /// Hands all rows to the sink and returns how many bytes were copied. REQUIRES: the arena's keys are unmixed,
  /// sorted and unique; `text_words` of its texts are in use.
  std::uint64_t run(const PaneArena& arena, std::uint32_t text_words, std::uint32_t rows, bool unique,
                    PartialSink& sink);

 private:
  void copy_chunk(const PaneArena& arena, std::uint32_t first, std::uint32_t rows, bool more);
  void copy_texts(const PaneArena& arena, std::uint32_t text_words, std::uint32_t rows, bool more);
  void copy(void* to, const void* from, std::size_t bytes);

  DeviceApi& device_;
  std::uint32_t columns_;
  std::uint32_t chunk_rows_;
  PinnedBuffer pinned_;
  std::uint64_t* bits_;  ///< of one row more than a chunk has
  std::int64_t* counts_;
  std::int64_t* values_;  ///< column-major
  BudgetVector<std::uint64_t> texts_;
  BudgetVector<Key> keys_;
  BudgetVector<std::string_view> views_;
  std::uint64_t copied_ = 0;
};

}  // namespace millrace::cuda
