// Small arrays come from the heap, large ones from the system.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/slot_array.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>

namespace millrace {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::align_val_t kCacheLine{64};

std::size_t in_huge_pages(std::size_t bytes) {
  return (bytes + kHugePage - 1) & ~(kHugePage - 1);
}

// Maps more than is needed, and gives back what lies before and behind whole huge pages.
void* map_huge_pages(std::size_t bytes) {
  const std::size_t wanted = in_huge_pages(bytes);
  void* mapped =
      ::mmap(nullptr, wanted + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* begin = static_cast<std::byte*>(mapped);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(begin) & (kHugePage - 1);
  if (before > 0) ::munmap(begin, before);
  if (before < kHugePage) ::munmap(begin + before + wanted, kHugePage - before);
  ::madvise(begin + before, wanted, MADV_HUGEPAGE);  // advice only: its failure changes nothing
  return begin + before;
}

// The pages move to where whole huge pages are free in a row.
void* move_huge_pages(void* data, std::size_t bytes, std::size_t more) {
  void* larger = map_huge_pages(more);
  if (larger == nullptr) return nullptr;
  const int how = MREMAP_MAYMOVE | MREMAP_FIXED;
  if (::mremap(data, in_huge_pages(bytes), in_huge_pages(more), how, larger) != MAP_FAILED) return larger;
  ::munmap(larger, in_huge_pages(more));
  return nullptr;
}

}  // namespace

void* allocate_zeros(std::size_t bytes, MemoryBudget& budget) {
  budget.reserve(bytes, "keys and their values");
  void* data = nullptr;
  if (bytes < kHugePage) {
    data = ::operator new(bytes, kCacheLine, std::nothrow);
    if (data != nullptr) std::memset(data, 0, bytes);
  } else {
    data = map_huge_pages(bytes);
  }
  if (data != nullptr) return data;
  budget.release(bytes);
  throw BudgetError::machine_is_full("keys and their values", budget.used() + bytes);
}

void free_zeros(void* data, std::size_t bytes, MemoryBudget& budget) noexcept {
  if (bytes < kHugePage) {
    ::operator delete(data, kCacheLine);
  } else {
    ::munmap(data, in_huge_pages(bytes));
  }
  budget.release(bytes);
}

void* grow_zeros(void* data, std::size_t bytes, std::size_t more, MemoryBudget& budget) {
  if (bytes < kHugePage) {
    void* larger = allocate_zeros(more, budget);
    std::memcpy(larger, data, bytes);
    free_zeros(data, bytes, budget);
    return larger;
  }
  const std::size_t added = more - bytes;
  budget.reserve(added, "keys and their values");
  if (void* larger = move_huge_pages(data, bytes, more)) return larger;
  budget.release(added);
  throw BudgetError::machine_is_full("keys and their values", budget.used() + added);
}

}  // namespace millrace
