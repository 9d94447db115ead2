// What every backend requires of a batch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <millrace/error.h>
#include <millrace/plan.h>
#include <millrace/types.h>

namespace millrace {

/// Throws InternalError for one that is none of the plan's, which finds keys by `keyed_by` and whose records
/// and rows have `inputs` values.
inline void check_batch(const Batch& batch, KeyedBy keyed_by, std::size_t inputs) {
  const Rows& rows = batch.rows;
  check(batch.bytes.size() <= kBatchBytesMax, "a batch is at most kBatchBytesMax long");
  check(batch.ends.empty() || batch.ends.back() <= batch.bytes.size(), "records end inside their batch");
  check(batch.has_rows || keyed_by != KeyedBy::rows,
        "where only the host finds keys, every batch has rows: a backend cannot find them");
  check(rows.key_length.size() == rows.key_at.size(), "every key of a row has a place and a length");
  check(!batch.has_rows || rows.values.size() == rows.key_at.size() * inputs,
        "every row has the values that the plan reads");
}

}  // namespace millrace
