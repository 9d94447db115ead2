// Keeps the texts of long keys, at addresses that do not change.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include <millrace/memory_budget.h>

namespace millrace {

class TextArena {
 public:
  explicit TextArena(MemoryBudget& budget) : chunks_(BudgetAllocator<Chunk>(budget)) {}

  /// A copy that lives as long as the arena, which may be moved. Throws BudgetError.
  std::string_view copy(std::string_view text);
  /// Ends the lives of all copies and gives their memory back.
  void clear() {
    chunks_.clear();
    next_chunk_ = kChunkMin;
    bytes_ = 0;
  }
  /// Of all copies together.
  std::size_t bytes() const { return bytes_; }

 private:
  using Chunk = BudgetVector<char>;
  static constexpr std::size_t kChunkMin = std::size_t{4} << 10;

  BudgetVector<Chunk> chunks_;
  std::size_t next_chunk_ = kChunkMin;
  std::size_t bytes_ = 0;
};

}  // namespace millrace
