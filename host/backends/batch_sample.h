// A sample of the input: copies of batches, apart and joined into one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include <millrace/backend.h>

#include "base/row_data.h"

namespace millrace {

/// Not thread-safe. Throws BudgetError. Its batches are of one kind: text, records with ends, or rows. It is
/// that of the first, until more bytes of other kinds have come than were taken: then the sample begins again.
class Sample {
 public:
  Sample(std::size_t capacity, MemoryBudget& budget);

  /// Copies a batch if it fits. Returns whether there may be room for another.
  bool add(const Batch& batch);
  std::size_t bytes() const { return size_; }

  /// The batches as they came. Views are valid until the next add.
  std::vector<Batch> parts() const;
  /// As many of them as fit `limit` bytes, the first one in any case, as one batch. Valid until the next call.
  Batch joined(std::size_t limit);

 private:
  struct Part {
    std::size_t begin, end;                ///< in text_
    std::size_t first_end, ends;           ///< in ends_
    std::size_t first_row, rows;           ///< in rows_
    std::size_t first_value, value_count;  ///< in rows_.values
  };
  bool is_alike(const Batch& batch) const;
  void clear();
  std::size_t joined_values(std::size_t parts);

  HostBuffer text_;
  std::size_t size_ = 0;
  std::size_t passed_over_ = 0;  ///< bytes of other kinds
  bool has_rows_ = false;
  bool has_ends_ = false;
  std::vector<Part> parts_;
  BudgetVector<std::uint32_t> ends_;  ///< as in the batches, one behind the other
  RowData rows_;                      ///< likewise; values column-major in each part
  BudgetVector<std::uint32_t> joined_ends_;
  RowData joined_rows_;
};

}  // namespace millrace
