// Counts the words of batches.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include <millrace/memory_budget.h>
#include <millrace/plan.h>
#include <millrace/types.h>

#include "kernels/cpu/simd/text_scan.h"
#include "kernels/cpu/table/key_list.h"
#include "kernels/cpu/table/pane_table.h"

namespace millrace {

/// One thread uses it. Throws BudgetError.
class WordCounter {
 public:
  WordCounter(WordRule rule, MemoryBudget& budget);

  void count(const Batch& batch, PaneTable& table);

 private:
  struct Scratch {
    explicit Scratch(const TextKernels& kernels) : scan(kernels) {}
    TextScan scan;
    KeyList words;
    std::array<char, kStretchBytes + 2 * kBlockBytes> folded;
  };

  void count_text(const char* text, std::size_t size, PaneTable& table);
  std::size_t count_stretch(const char* text, std::size_t size, PaneTable& table);
  std::size_t count_long_word(const char* text, std::size_t size, PaneTable& table);
  void count_messages(const Batch& batch, PaneTable& table);
  std::size_t count_short_messages(const Batch& batch, std::size_t first, std::uint32_t begin,
                                   PaneTable& table);
  const char* folded(const char* text, std::size_t size);

  const WordRule rule_;
  const TextKernels& kernels_;
  BudgetVector<Scratch> scratch_;  ///< one
  BudgetVector<char> long_word_;   ///< in lower case
};

}  // namespace millrace
