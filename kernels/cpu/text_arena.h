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

 private:
  using Chunk = BudgetVector<char>;
  BudgetVector<Chunk> chunks_;
  std::size_t next_chunk_ = std::size_t{4} << 10;
};

}  // namespace millrace
