// The bytes of a record that has not come whole.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <millrace/memory_budget.h>

namespace millrace::io {

/// Bytes in a row that come in behind and go out in front, in memory drawn from a budget. What a long record
/// took goes back soon after the record has gone. Functions that need more memory throw BudgetError and then
/// change nothing.
class RecordBuffer {
 public:
  /// REQUIRES: the budget outlives the buffer.
  explicit RecordBuffer(MemoryBudget& budget) noexcept : budget_(&budget) {}
  RecordBuffer(const RecordBuffer&) = delete;
  RecordBuffer& operator=(const RecordBuffer&) = delete;
  ~RecordBuffer();

  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  /// Valid until the next call of room, append or drop_front.
  std::span<std::byte> bytes() noexcept { return {data_ + begin_, size()}; }

  /// Memory behind the bytes, `at_least` long: what is written there counts from `added` on.
  std::span<std::byte> room(std::size_t at_least);
  void added(std::size_t bytes) noexcept { end_ += bytes; }
  void append(std::span<const std::byte> bytes);

  void drop_front(std::size_t bytes) noexcept;
  void drop_back(std::size_t bytes) noexcept;
  void clear() noexcept { drop_front(size()); }

 private:
  void move_to(std::size_t capacity);
  void forget_if_empty() noexcept;
  void free() noexcept;

  MemoryBudget* budget_;
  std::byte* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace millrace::io
