// Cuts a byte stream that arrives in pieces into whole records.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <millrace/memory_budget.h>
#include <millrace/source.h>

#include "io/record_buffer.h"

namespace millrace::io {

/// Holds the unfinished record between two reads. A source's read does this:
///
///     if (auto found = framer.next(into, records)) return *found;
///     n = ... read into framer.room(into) ...
///     if (auto found = framer.added(n, into, records)) return *found;   // else read again
///
/// and at the end of its input calls end_input, then next until it returns nothing. Each byte is searched
/// once, however small the pieces are.
class Framer {
 public:
  /// What it holds is drawn from the budget, which outlives it. REQUIRES: newline or white-space framing.
  Framer(const Framing& framing, MemoryBudget& budget);

  /// What is already inside: data, too_big, or nothing.
  std::optional<ReadResult> next(std::span<std::byte> into, const Records& records);
  /// Where new input goes: `into` behind the unfinished record, or the framer's own memory if `into` is too
  /// small for it. REQUIRES: next has returned nothing; `into` is not empty.
  std::span<std::byte> room(std::span<std::byte> into);
  /// `bytes` of input were put into the last room: data, too_big, or nothing yet.
  std::optional<ReadResult> added(std::size_t bytes, std::span<std::byte> into, const Records& records);
  /// The unfinished record is finished: next returns it. More input may follow, as a new record.
  void end_input();
  /// Reading stops before the input has ended: what is inside, an unfinished word as if it were finished;
  /// nothing when there is no more than half a line. Called until then. No input may follow.
  std::optional<ReadResult> drain(std::span<std::byte> into, const Records& records);
  /// Forgets the unfinished record; returns how much there was of it. REQUIRES: next has returned nothing.
  std::uint64_t drop_unfinished();
  /// A result without bytes, which carries the count of oversized records not reported yet.
  ReadResult nothing(ReadResult::Status status);
  /// Input bytes behind everything that was returned or skipped.
  std::uint64_t consumed() const noexcept { return consumed_; }

 private:
  std::optional<ReadResult> hand_over(std::span<std::byte> whole, std::uint64_t begin, const Records& records);
  void added_to_own(std::size_t bytes);
  void keep(std::span<const std::byte> bytes);
  void skip_if_oversized();
  std::span<const std::byte> skip(std::span<const std::byte> bytes);

  Framing framing_;
  RecordBuffer held_;
  std::size_t whole_ = 0;       ///< bytes of held_ that are whole records
  bool room_is_own_ = false;    ///< where the last room was
  bool skipping_ = false;       ///< inside an oversized record
  std::uint64_t skipped_ = 0;   ///< bytes of it so far
  std::uint64_t invented_ = 0;  ///< 1 if held_ ends with a '\n' that was not in the input
  std::uint64_t oversized_ = 0;
  std::uint64_t consumed_ = 0;
};

}  // namespace millrace::io
