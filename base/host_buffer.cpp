// Batch memory: little comes from the heap, the rest straight from the system.
// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

#include <millrace/backend.h>

namespace millrace {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr std::string_view kWhat = "batch buffers";

// From that size on freed memory goes back to the system at once. The heap would keep what lies below other
// pieces, and a job with large records frees a buffer for each.
constexpr std::size_t kMapped = std::size_t{64} << 10;

std::size_t taken(std::size_t bytes) {
  static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes < kMapped ? bytes : (bytes + page - 1) / page * page;
}

void* take(std::size_t bytes) {
  if (bytes < kMapped) return ::operator new(bytes, kAlignment, std::nothrow);
  void* data = ::mmap(nullptr, taken(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return data == MAP_FAILED ? nullptr : data;
}

void free_pageable(std::byte* data, std::size_t capacity, void* owner) {
  const std::size_t bytes = capacity + kSlackBytes;
  if (bytes < kMapped) {
    ::operator delete(data, kAlignment);
  } else {
    ::munmap(data, taken(bytes));
  }
  static_cast<MemoryBudget*>(owner)->release(taken(bytes));
}

}  // namespace

HostBuffer pageable_buffer(std::size_t capacity, MemoryBudget& budget) {
  check(capacity <= kBatchBytesMax, "a batch is at most kBatchBytesMax long");
  const std::size_t bytes = capacity + kSlackBytes;
  budget.reserve(taken(bytes), kWhat);
  void* data = take(bytes);
  if (data == nullptr) {
    budget.release(taken(bytes));
    throw BudgetError::machine_is_full(kWhat, budget.used() + bytes);
  }
  std::memset(static_cast<std::byte*>(data) + capacity, 0, kSlackBytes);
  return {static_cast<std::byte*>(data), capacity, free_pageable, &budget};
}

}  // namespace millrace
