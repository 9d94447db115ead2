// An open batch: a buffer that a reader is filling with records of one pane.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include <millrace/partition.h>
#include <millrace/source.h>
#include <millrace/types.h>

#include "host/engine/ring.h"
#include "host/engine/step.h"

namespace millrace {

/// Records come in straight from the source (room + filled) or one by one (record, row). Offsets fit
/// 32 bits because no buffer exceeds kBatchBytesMax.
class BatchBuilder {
 public:
  BatchBuilder(BufferId buffer, std::span<std::byte> memory, MemoryBudget& budget);

  std::span<std::byte> room() const { return memory_.subspan(batch_.bytes); }
  /// The source wrote `bytes` into room(), and what it tells of them.
  void filled(std::size_t bytes, std::span<const std::uint32_t> ends, std::span<const OriginRun> origins);

  /// Appends a record, with its end and where it came from, if that is known. REQUIRES: it fits room().
  void record(std::string_view text, const OriginRun* origin = nullptr);
  /// Appends a key with its values. REQUIRES: it fits room().
  void row(std::string_view key, std::span<const std::int64_t> values);

  BufferId buffer() const { return batch_.buffer; }
  bool empty() const { return batch_.bytes == 0 && records_ == 0; }
  std::size_t bytes() const { return batch_.bytes; }
  std::size_t records() const { return records_; }
  /// So little room is left that filling it would cost more than it saves; or what is kept beside the bytes has
  /// become as large as the buffer: many records are short or empty.
  bool nearly_full() const;

  FilledBatch close(unsigned reader, Instant now) &&;

  Pane pane;                  ///< of the first record
  Instant opened{};           ///< when the first record came
  Instant close_at = kNever;  ///< when the batch is due, once it holds anything

 private:
  void append(std::string_view text);
  void add_origin(const OriginRun& origin);

  std::span<std::byte> memory_;
  std::size_t records_ = 0;
  FilledBatch batch_;
};

}  // namespace millrace
