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
  [[nodiscard]] bool try_reserve(std::size_t bytes) noexcept { return take(bytes) == 0; }
  /// Takes `bytes` or throws BudgetError, which names `what` and how much would have been needed.
  void reserve(std::size_t bytes, std::string_view what);
  void release(std::size_t bytes) noexcept;

  std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::size_t peak() const noexcept { return peak_.load(std::memory_order_relaxed); }
  std::size_t limit() const noexcept { return limit_; }

 private:
  /// Takes `bytes` and returns 0, or takes nothing and returns the limit that would have been needed then.
  std::size_t take(std::size_t bytes) noexcept;

  std::size_t limit_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::size_t> peak_{0};
};

/// A share of a budget for memory that comes from elsewhere, such as a container's; given back at the end.
class Reservation {
 public:
  /// REQUIRES: the budget outlives it.
  explicit Reservation(MemoryBudget& budget) noexcept : budget_(budget) {}
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation() { budget_.release(bytes_); }
  /// From now on it is that much. Throws BudgetError, which names `what`, and then changes nothing.
  void set(std::size_t bytes, std::string_view what);

 private:
  MemoryBudget& budget_;
  std::size_t bytes_ = 0;
};

/// A budget without a limit, for tests and tools.
MemoryBudget& unlimited_budget() noexcept;

/// What memory holds at first.
enum class Fill : std::uint8_t { anything, zeros };

/// What memory is for, unless something else is said: for BudgetError.
inline constexpr std::string_view kKeysAndValues = "keys and their values";

/// Memory drawn from a budget, from 1 KiB on aligned to a cache line. What is large comes in huge pages, where
/// the system has them, and goes back to the system when it is freed. The budget counts what the system gives:
/// whole pages of what is large, and what the heap adds to little pieces. Throws BudgetError, which names
/// `what`. REQUIRES: bytes > 0.
void* allocate_memory(std::size_t bytes, Fill fill, MemoryBudget& budget,
                      std::string_view what = kKeysAndValues);
/// Makes it larger. What is large is moved by its pages, not copied, and is never there twice. Throws
/// BudgetError and then changes nothing. REQUIRES: more > bytes; `fill` is that of the allocation.
void* grow_memory(void* data, std::size_t bytes, std::size_t more, Fill fill, MemoryBudget& budget,
                  std::string_view what = kKeysAndValues);
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
