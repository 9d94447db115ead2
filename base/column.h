// A column of plain values that grows without being copied.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

#include <millrace/memory_budget.h>

namespace millrace {

/// As a vector that draws on a budget, but large ones grow by moving pages, so that no value is copied and old
/// and new memory are never there together. Functions that grow throw BudgetError and then change nothing.
template <class T>
class Column {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// REQUIRES: the budget outlives the column.
  explicit Column(MemoryBudget& budget) noexcept : budget_(&budget) {}
  Column(Column&& other) noexcept : budget_(other.budget_) { swap(other); }
  Column& operator=(Column&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Column() {
    budget_->release(capacity_ * sizeof(T));
    std::free(data_);
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }

  void push_back(T value) {
    make_room(1);
    data_[size_++] = value;
  }
  void append(std::span<const T> values) {
    make_room(values.size());
    if (!values.empty()) std::memcpy(data_ + size_, values.data(), values.size_bytes());
    size_ += values.size();
  }

 private:
  void make_room(std::size_t more) {
    if (more > capacity_ - size_) grow(std::max({size_ + more, capacity_ + capacity_ / 2, std::size_t{16}}));
  }
  void grow(std::size_t capacity) {
    const std::size_t added = (capacity - capacity_) * sizeof(T);
    budget_->reserve(added, kKeysAndValues);
    void* larger = std::realloc(data_, capacity * sizeof(T));
    if (larger == nullptr) {
      budget_->release(added);
      throw BudgetError::machine_is_full(kKeysAndValues, budget_->used() + added);
    }
    data_ = static_cast<T*>(larger);
    capacity_ = capacity;
  }
  void swap(Column& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  MemoryBudget* budget_;
  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace millrace
