// Memory that is drawn from a budget: little comes from the heap, much in huge pages from the system.
// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

#include <millrace/memory_budget.h>

namespace millrace {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::align_val_t kCacheLine{64};
constexpr std::size_t kPiece = 1024;  // less is not aligned

std::size_t in_huge_pages(std::size_t bytes) {
  return (bytes + kHugePage - 1) & ~(kHugePage - 1);
}

// What the system gives for it. The heap takes a word beside each piece and rounds to two.
std::size_t counted(std::size_t bytes) {
  constexpr std::size_t kWord = sizeof(void*);
  if (bytes >= kHugePage) return in_huge_pages(bytes);
  if (bytes >= kPiece) return bytes;
  return std::max((bytes + kWord + 2 * kWord - 1) & ~(2 * kWord - 1), 4 * kWord);
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
  if (in_huge_pages(bytes) == in_huge_pages(more)) return data;
  void* larger = map_huge_pages(more);
  if (larger == nullptr) return nullptr;
  const int how = MREMAP_MAYMOVE | MREMAP_FIXED;
  // After a failure `larger` is left alone: it may be unmapped already, and somebody else's by now.
  return ::mremap(data, in_huge_pages(bytes), in_huge_pages(more), how, larger) == MAP_FAILED ? nullptr
                                                                                              : larger;
}

void* allocate_uncounted(std::size_t bytes, Fill fill) {
  if (bytes >= kHugePage) return map_huge_pages(bytes);
  void* data =
      bytes < kPiece ? ::operator new(bytes, std::nothrow) : ::operator new(bytes, kCacheLine, std::nothrow);
  if (data != nullptr && fill == Fill::zeros) std::memset(data, 0, bytes);
  return data;
}

void free_uncounted(void* data, std::size_t bytes) {
  if (bytes < kPiece) {
    ::operator delete(data);
  } else if (bytes < kHugePage) {
    ::operator delete(data, kCacheLine);
  } else {
    ::munmap(data, in_huge_pages(bytes));
  }
}

void* grow_uncounted(void* data, std::size_t bytes, std::size_t more, Fill fill) {
  if (bytes >= kHugePage) return move_huge_pages(data, bytes, more);
  void* larger = allocate_uncounted(more, Fill::anything);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, data, bytes);
  if (fill == Fill::zeros && more < kHugePage) std::memset(static_cast<char*>(larger) + bytes, 0, more - bytes);
  free_uncounted(data, bytes);
  return larger;
}

// Takes back what was reserved.
[[noreturn]] void machine_is_full(std::size_t reserved, MemoryBudget& budget, std::string_view what) {
  budget.release(reserved);
  throw BudgetError::machine_is_full(what, budget.used() + reserved);
}

}  // namespace

void* allocate_memory(std::size_t bytes, Fill fill, MemoryBudget& budget, std::string_view what) {
  budget.reserve(counted(bytes), what);
  if (void* data = allocate_uncounted(bytes, fill)) return data;
  machine_is_full(counted(bytes), budget, what);
}

void* grow_memory(void* data, std::size_t bytes, std::size_t more, Fill fill, MemoryBudget& budget,
                  std::string_view what) {
  // What is little is copied, and there twice for a moment.
  const std::size_t added = bytes >= kHugePage ? counted(more) - counted(bytes) : counted(more);
  budget.reserve(added, what);
  void* larger = grow_uncounted(data, bytes, more, fill);
  if (larger == nullptr) machine_is_full(added, budget, what);
  if (bytes < kHugePage) budget.release(counted(bytes));
  return larger;
}

void free_memory(void* data, std::size_t bytes, MemoryBudget& budget) noexcept {
  budget.release(counted(bytes));
  free_uncounted(data, bytes);
}

}  // namespace millrace
