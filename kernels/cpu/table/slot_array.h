// Memory for tables.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <millrace/memory_budget.h>

namespace millrace {

/// An array that begins as zeros. REQUIRES: the budget outlives it.
template <class T>
class SlotArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  SlotArray() = default;
  SlotArray(std::size_t size, MemoryBudget& budget)
      : data_(size == 0 ? nullptr : static_cast<T*>(allocate_memory(size * sizeof(T), Fill::zeros, budget))),
        size_(size),
        budget_(&budget) {}
  SlotArray(SlotArray&& other) noexcept { swap(other); }
  SlotArray& operator=(SlotArray&& other) noexcept {
    swap(other);
    return *this;
  }
  ~SlotArray() {
    if (data_ != nullptr) free_memory(data_, size_ * sizeof(T), *budget_);
  }

  /// Keeps what is there; the rest is zeros. Throws BudgetError and then changes nothing. REQUIRES: the array
  /// has a size, and grows, or it has none and gets none.
  void grow(std::size_t size) {
    if (size > 0)
      data_ = static_cast<T*>(grow_memory(data_, size_ * sizeof(T), size * sizeof(T), Fill::zeros, *budget_));
    size_ = size;
  }

  std::size_t size() const { return size_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }

 private:
  void swap(SlotArray& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(budget_, other.budget_);
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
  MemoryBudget* budget_ = nullptr;
};

}  // namespace millrace
