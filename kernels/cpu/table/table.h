// A hash table from keys to counts and values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <millrace/memory_budget.h>

#include "kernels/cpu/table/slot_array.h"
#include "kernels/cpu/table/slots.h"

namespace millrace {

/// Where the slots of keys begin: a table of one of 2^range_bits ranges leaves out the bits that name the
/// range.
struct SlotOrder {
  SpreadSeed seed;
  unsigned range_bits = 0;
};

inline constexpr unsigned kRangeBitsMax = 8;

/// Asks for the cache lines of the slot where a search begins and of those behind it. Where a table is three
/// quarters full most searches end there; one line alone is not enough for half of them.
inline void prefetch_search(const void* slot) {
  constexpr std::size_t kCacheLine = 64;
  constexpr std::size_t kLines = 3;
  for (std::size_t line = 0; line < kLines; ++line)
    __builtin_prefetch(static_cast<const char*>(slot) + line * kCacheLine, 1);
}

/// Open addressing with linear probing, at most half full while the caches hold it, then at most three
/// quarters. Slots lie in the order of the keys' hashes, so that a range of hashes is a range of slots, and
/// growing reads and writes memory in order.
template <class Slot>
class Table {
 public:
  using Text = typename Slot::Text;

  Table(std::size_t columns, SlotOrder order, std::size_t expected, MemoryBudget& budget)
      : columns_(columns), order_(order), budget_(&budget) {
    allocate(slots_for(expected));
  }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return slots_.size(); }
  Slot& slot(std::size_t i) { return slots_[i]; }
  const Slot& slot(std::size_t i) const { return slots_[i]; }
  bool is_free(std::size_t i) const { return Slot::is_free(slots_[i].key); }
  std::int64_t* values(std::size_t i) { return values_.data() + i * columns_; }
  const std::int64_t* values(std::size_t i) const { return values_.data() + i * columns_; }
  /// More than the caches next to a core hold.
  bool is_large() const { return slots_.size() * sizeof(Slot) > kNearCacheBytes; }

  /// The slot where the search for a key begins.
  std::size_t home(const Text& key) const {
    return static_cast<std::size_t>(Slot::hash(key, order_.seed) << order_.range_bits >> shift_);
  }
  /// Slots and how to find them as values: compilers keep them in registers where a loop writes to slots.
  struct View {
    Slot* slots;
    SpreadSeed seed;
    unsigned shift;
    Slot* home(const Text& key) const { return slots + (Slot::hash(key, seed) >> shift); }
  };
  /// Valid until the table grows. REQUIRES: the table is of all ranges.
  View view() { return {slots_.data(), order_.seed, shift_}; }
  std::size_t number_of(const Slot* slot) const { return static_cast<std::size_t>(slot - slots_.data()); }
  void prefetch(std::size_t i) const { prefetch_search(slots_.data() + i); }
  /// The slot of a key, or the free slot where it belongs.
  std::size_t find(const Text& key) const { return find(key, home(key)); }
  std::size_t find(const Text& key, std::size_t i) const {
    while (!Slot::equal(slots_[i].key, key) && !is_free(i)) i = next(i);
    return i;
  }
  /// Grows now, so that `keys` more can be inserted. Other functions do not move slots. Throws BudgetError and
  /// then leaves the table as it was.
  void make_room(std::size_t keys) {
    if (size_ + keys > keys_max_) [[unlikely]]
      grow(slots_for(size_ + keys));
  }
  /// Puts a key with count 0 where find says. Its text must outlive the table. REQUIRES: there is room.
  void insert(std::size_t free_slot, const Text& key) {
    slots_[free_slot].key = key;
    ++size_;
  }
  /// Forgets all keys and keeps the memory.
  void clear() {
    if (size_ == 0) return;
    size_ = 0;
    std::fill_n(slots_.data(), slots_.size(), Slot{});
  }
  /// Forgets all keys and gives the memory back. Only size may be called after it.
  void free() {
    size_ = 0;
    slots_ = {};
    values_ = {};
  }

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
      if (Slot::hash(slots_[i].key, order_.seed) >> (64 - range_bits) == range) visit(i);
    };
    std::size_t i = range * width;
    for (const std::size_t end = i + width; i < end; ++i)
      if (!is_free(i)) visit_slot(i);
    for (i = i & (capacity() - 1); !is_free(i); i = next(i)) visit_slot(i);  // displaced past the range's end
  }

 private:
  static constexpr std::size_t kSlotsMin = std::size_t{1} << kRangeBitsMax;
  static constexpr std::size_t kNearCacheBytes = std::size_t{4} << 20;

  std::size_t next(std::size_t i) const { return (i + 1) & (slots_.size() - 1); }
  static std::size_t slots_for(std::size_t keys) {
    const std::size_t slots = std::bit_ceil(std::max(kSlotsMin, keys));
    return keys <= keys_max(slots) ? slots : 2 * slots;
  }
  static std::size_t keys_max(std::size_t slots) {
    return slots * sizeof(Slot) <= kNearCacheBytes ? slots / 2 : slots / 4 * 3;
  }
  static unsigned shift_of(std::size_t slots) { return static_cast<unsigned>(64 - std::countr_zero(slots)); }
  void allocate(std::size_t slots) {
    keys_max_ = keys_max(slots);
    slots_ = SlotArray<Slot>(slots, *budget_);
    values_ = SlotArray<std::int64_t>(slots * columns_, *budget_);
    shift_ = shift_of(slots);
  }
  struct Aside {
    std::vector<Slot> slots;
    std::vector<std::int64_t> values;
  };

  // Keys and values move inside their arrays, cluster by cluster from the last to the first: their new homes
  // lie behind all that has not moved yet, but for a few of the first, which wait aside. Inside a cluster they
  // keep their order: what came first came often, and stays near its home.
  void grow(std::size_t slots) {
    const std::size_t before = slots_.size();
    values_.grow(slots * columns_);
    slots_.grow(slots);
    keys_max_ = keys_max(slots);
    shift_ = shift_of(slots);
    Aside aside;
    for (std::size_t end = before; end > 0; --end) {
      if (is_free(end - 1)) continue;
      std::size_t begin = end - 1;
      while (begin > 0 && !is_free(begin - 1)) --begin;
      for (std::size_t from = begin; from < end; ++from) move_behind(end, from, aside);
      end = begin + 1;
    }
    for (std::size_t i = 0; i < aside.slots.size(); ++i) {
      const std::size_t to = find(aside.slots[i].key);
      slots_[to] = aside.slots[i];
      std::copy_n(aside.values.data() + i * columns_, columns_, values(to));
    }
  }
  void move_behind(std::size_t end, std::size_t from, Aside& aside) {
    const Slot slot = std::exchange(slots_[from], {});
    std::size_t to = home(slot.key);
    const bool is_behind = to >= end;
    while (is_behind && to < slots_.size() && !is_free(to)) ++to;
    if (is_behind && to < slots_.size()) {
      slots_[to] = slot;
      std::copy_n(values(from), columns_, values(to));
    } else {
      aside.slots.push_back(slot);
      aside.values.insert(aside.values.end(), values(from), values(from) + columns_);
    }
  }

  std::size_t columns_;
  SlotOrder order_;
  MemoryBudget* budget_;
  unsigned shift_ = 0;
  std::size_t size_ = 0;
  std::size_t keys_max_ = 0;
  SlotArray<Slot> slots_;
  SlotArray<std::int64_t> values_;  // row-major: columns_ per slot
};

}  // namespace millrace
