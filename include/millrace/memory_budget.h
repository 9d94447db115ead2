// One limit for all memory that grows with the input: ring, backend, state, queues of clients and sinks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
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
    const std::size_t bytes = n * sizeof(T);
    budget_->reserve(bytes, "keys and their values");
    void* p = ::operator new(bytes, std::align_val_t{alignof(T)}, std::nothrow);
    if (p != nullptr) return static_cast<T*>(p);
    budget_->release(bytes);
    throw BudgetError::machine_is_full("keys and their values", budget_->used() + bytes);
  }
  void deallocate(T* p, std::size_t n) noexcept {
    budget_->release(n * sizeof(T));  // first: g++ 12 takes the use of n after the delete for one of p
    ::operator delete(p, std::align_val_t{alignof(T)});
  }
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
