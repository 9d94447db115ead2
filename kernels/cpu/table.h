// A hash table from keys to counts and values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <millrace/memory_budget.h>
#include <millrace/types.h>

#include "kernels/key.h"

namespace millrace {

/// Open addressing with linear probing, at most half full. Slots lie in the order of the keys' mixed bits,
/// so that a range of keys is a range of slots. Memory comes from the budget; functions that grow throw
/// BudgetError and then leave the table as it was.
class Table {
 public:
  struct Slot {
    std::uint64_t bits = kFree;
    std::int64_t count = 0;
  };
  enum class Texts : bool { no, yes };  ///< yes: keys are hashed, equal only if their texts are equal too

  /// Where slots begin: a table of one of 2^range_bits ranges leaves out the bits that name the range.
  struct Order {
    std::uint64_t seed = 0;
    unsigned range_bits = 0;
  };

  Table(std::size_t columns, Texts texts, Order order, std::size_t expected, MemoryBudget& budget);

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return slots_.size(); }
  Slot& slot(std::size_t i) { return slots_[i]; }
  const Slot& slot(std::size_t i) const { return slots_[i]; }
  bool is_free(std::size_t i) const { return slots_[i].bits == kFree; }
  Key key(std::size_t i) const { return Key{slots_[i].bits}; }
  std::string_view text(std::size_t i) const { return texts_.empty() ? std::string_view() : texts_[i]; }
  std::int64_t* values(std::size_t i) { return values_.data() + i * columns_; }
  const std::int64_t* values(std::size_t i) const { return values_.data() + i * columns_; }

  /// The slot of a packed key, or the free slot where it belongs.
  std::size_t find(Key key) const {
    std::size_t i = home(key);
    while (slots_[i].bits != key.bits && slots_[i].bits != kFree) i = next(i);
    return i;
  }
  /// As above for a hashed key.
  std::size_t find(Key key, std::string_view text) const {
    std::size_t i = home(key);
    while (slots_[i].bits != kFree && (slots_[i].bits != key.bits || texts_[i] != text)) i = next(i);
    return i;
  }
  /// Puts a key with count 0 into the free slot that find has returned; its slot may be another one when
  /// the table grows. The text must outlive the table.
  std::size_t insert(std::size_t free_slot, Key key, std::string_view text);
  /// Gives all memory back. Nothing can be found or inserted after it.
  void clear();

  /// Calls visit(slot number) for every key.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < capacity(); ++i)
      if (!is_free(i)) visit(i);
  }
  /// Calls visit(slot number) for every key of one of 2^range_bits ranges, in their order but for displaced
  /// ones. REQUIRES: range_bits in 1..kRangeBitsMax; the table itself is of all ranges.
  template <class Visit>
  void for_each_in(unsigned range, unsigned range_bits, Visit visit) const {
    const std::size_t width = capacity() >> range_bits;
    const auto visit_slot = [&](std::size_t i) {
      if (mixed(key(i)) >> (64 - range_bits) == range) visit(i);
    };
    std::size_t i = range * width;
    for (const std::size_t end = i + width; i < end; ++i)
      if (!is_free(i)) visit_slot(i);
    for (i = i & (capacity() - 1); !is_free(i); i = next(i)) visit_slot(i);  // displaced past the range's end
  }
  static constexpr unsigned kRangeBitsMax = 8;

 private:
  // No key: packed keys are at most 7 bytes long, and this one claims 127.
  static constexpr std::uint64_t kFree = std::uint64_t{0x7f} << 56;

  std::uint64_t mixed(Key key) const { return fold_multiply(key.bits ^ order_.seed, 0x9e3779b97f4a7c15); }
  std::size_t home(Key key) const {
    return static_cast<std::size_t>(mixed(key) << order_.range_bits >> shift_);
  }
  std::size_t next(std::size_t i) const { return (i + 1) & (slots_.size() - 1); }
  void grow();

  std::size_t columns_;
  Texts has_texts_;
  Order order_;
  unsigned shift_;
  std::size_t size_ = 0;
  BudgetVector<Slot> slots_;
  BudgetVector<std::int64_t> values_;     // row-major: columns_ per slot
  BudgetVector<std::string_view> texts_;  // per slot; empty without texts
};

}  // namespace millrace
