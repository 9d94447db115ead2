// One limit for all memory that grows with the input: ring, backend, state, queues of clients and sinks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

#include <millrace/error.h>

namespace millrace {

/// Counts bytes against a limit. Any thread may call any function.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t limit) noexcept : limit_(limit) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// Takes `bytes` if they fit; changes nothing otherwise.
  [[nodiscard]] bool try_reserve(std::size_t bytes) noexcept;
  /// Takes `bytes` or throws BudgetError, which names `what` and how much would have been needed.
  void reserve(std::size_t bytes, std::string_view what);
  void release(std::size_t bytes) noexcept;

  std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::size_t peak() const noexcept { return peak_.load(std::memory_order_relaxed); }
  std::size_t limit() const noexcept { return limit_; }

 private:
  std::size_t limit_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::size_t> peak_{0};
};

/// A budget without a limit, for tests and tools.
MemoryBudget& unlimited_budget() noexcept;

/// What memory holds at first.
enum class Fill : std::uint8_t { anything, zeros };

/// Memory drawn from a budget, aligned to a cache line. What is large comes in huge pages, where the system has
/// them. Throws BudgetError. REQUIRES: bytes > 0.
void* allocate_memory(std::size_t bytes, Fill fill, MemoryBudget& budget);
/// Makes it larger. What is large is moved by its pages, not copied, and is never there twice. Throws
/// BudgetError and then changes nothing. REQUIRES: more > bytes; `fill` is that of the allocation.
void* grow_memory(void* data, std::size_t bytes, std::size_t more, Fill fill, MemoryBudget& budget);
void free_memory(void* data, std::size_t bytes, MemoryBudget& budget) noexcept;

/// Lets standard containers draw on a budget. REQUIRES: the budget outlives the container.
template <class T>
class BudgetAllocator {
 public:
  using value_type = T;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_copy_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  explicit BudgetAllocator(MemoryBudget& budget) noexcept : budget_(&budget) {}
  template <class U>
  BudgetAllocator(const BudgetAllocator<U>& other) noexcept : budget_(&other.budget()) {}

  T* allocate(std::size_t n) {
    if (n > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(allocate_memory(n * sizeof(T), Fill::anything, *budget_));
  }
  void deallocate(T* p, std::size_t n) noexcept { free_memory(p, n * sizeof(T), *budget_); }
  MemoryBudget& budget() const noexcept { return *budget_; }

  template <class U>
  friend bool operator==(const BudgetAllocator& a, const BudgetAllocator<U>& b) noexcept {
    return &a.budget() == &b.budget();
  }

 private:
  MemoryBudget* budget_;
};

template <class T>
using BudgetVector = std::vector<T, BudgetAllocator<T>>;

}  // namespace millrace
