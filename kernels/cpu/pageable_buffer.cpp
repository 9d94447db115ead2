// Batch memory from the heap.
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <new>

#include <millrace/backend.h>

namespace millrace {
namespace {

constexpr std::align_val_t kAlignment{64};

void free_pageable(std::byte* data, std::size_t capacity, void* owner) {
  ::operator delete(data, kAlignment);
  static_cast<MemoryBudget*>(owner)->release(capacity + kSlackBytes);
}

}  // namespace

HostBuffer pageable_buffer(std::size_t capacity, MemoryBudget& budget) {
  check(capacity <= kBatchBytesMax, "a batch is at most kBatchBytesMax long");
  const std::size_t bytes = capacity + kSlackBytes;
  budget.reserve(bytes, "batch buffers");
  void* data = ::operator new(bytes, kAlignment, std::nothrow);
  if (data == nullptr) {
    budget.release(bytes);
    throw BudgetError("batch buffers", budget.used() + bytes, budget.limit());
  }
  std::memset(static_cast<std::byte*>(data) + capacity, 0, kSlackBytes);
  return {static_cast<std::byte*>(data), capacity, free_pageable, &budget};
}

}  // namespace millrace
