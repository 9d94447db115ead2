// Counts records, their pieces or their fields.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <millrace/memory_budget.h>
#include <millrace/plan.h>
#include <millrace/types.h>

#include "kernels/cpu/simd/text_scan.h"
#include "kernels/cpu/table/key_list.h"
#include "kernels/cpu/table/pane_table.h"
#include "kernels/record.h"

namespace millrace {

/// One thread uses it. Throws BudgetError.
class RecordCounter {
 public:
  /// REQUIRES: `plan` outlives the counter.
  RecordCounter(const Plan& plan, MemoryBudget& budget);

  void count(const Batch& batch, PaneTable& table, BudgetVector<Reject>& rejects);

 private:
  struct Scratch {
    explicit Scratch(const TextKernels& kernels) : scan(kernels) {}
    TextScan scan;
    KeyList keys;
  };
  /// Where a batch's keys and rejects go.
  struct Target {
    const char* text;  ///< of the whole batch
    PaneTable& table;
    BudgetVector<Reject>& rejects;
  };
  /// Where delimiters are, counted from the stretch's first byte.
  using Places = std::span<const std::uint16_t>;

  void count_lines(std::uint32_t size, const Target& to);
  std::uint32_t count_stretch_of_lines(std::uint32_t begin, std::uint32_t size, const Target& to);
  void count_messages(std::span<const std::uint32_t> ends, const Target& to);
  std::size_t count_stretch_of_messages(std::span<const std::uint32_t> ends, std::uint32_t begin,
                                        std::uint32_t size, const Target& to);

  void count_line(Token line, Places delimiters, const Target& to);
  void count_record(Token record, Places delimiters, const Target& to);
  void count_fields(Token record, Places delimiters, const Target& to);
  void count_long_record(Token record, const Target& to);
  void add(Token key, const Target& to);
  void append_values();
  void flush(const Target& to);

  const Plan& plan_;
  const FieldView view_;
  const std::vector<ValueColumn> columns_;
  std::vector<std::int64_t> inputs_;   ///< of the record at hand
  BudgetVector<std::int64_t> values_;  ///< row-major, of the keys in the list
  std::uint32_t stretch_ = 0;          ///< where the list's stretch begins
  BudgetVector<Scratch> scratch_;      ///< one
};

}  // namespace millrace
