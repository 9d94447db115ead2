// Which row of a pane holds a key: open addressing over rows that somebody else keeps.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <millrace/memory_budget.h>
#include <millrace/types.h>

#include "kernels/key.h"

namespace millrace {

/// At most half full, as each slot that is looked at in vain costs a look at its row. The order of slots
/// depends on the seed: nobody who does not know it can choose keys that fall into one heap. Not thread-safe.
class RowIndex {
 public:
  /// Draws on no memory before the first rebuild.
  RowIndex(std::uint64_t seed, MemoryBudget& budget)
      : seed_(spread_seed(seed)), slots_(BudgetAllocator<std::uint32_t>(budget)) {}

  bool has_room(std::size_t rows) const { return 2 * rows <= slots_.size(); }
  /// Forgets all and adds the rows, numbered from 0, whose keys these are; leaves room for `expected` rows.
  /// Throws BudgetError and is empty then. REQUIRES: no key's bits and text come twice.
  template <class Keys>
  void rebuild(const Keys& keys, std::size_t expected) {
    const auto budget = slots_.get_allocator();
    slots_ = BudgetVector<std::uint32_t>(budget);  // old and new slots are never there together
    const std::size_t slots = std::bit_ceil(std::max(2 * expected, kSlotsMin));
    slots_.resize(slots);
    shift_ = static_cast<unsigned>(64 - std::countr_zero(slots));
    constexpr std::size_t kAhead = 16;
    for (std::size_t row = 0; row < keys.size(); ++row) {
      if (row + kAhead < keys.size()) prefetch(home(keys[row + kAhead]));
      insert(find(home(keys[row]), [](std::size_t) { return false; }), row);
    }
  }

  /// The slot where the search for a key begins. REQUIRES, as what follows: there was a rebuild.
  std::size_t home(Key key) const { return static_cast<std::size_t>(seed_.spread(key.bits) >> shift_); }
  bool is_free(std::size_t slot) const { return slots_[slot] == 0; }
  /// REQUIRES: the slot is not free.
  std::size_t row(std::size_t slot) const { return slots_[slot] - std::size_t{1}; }
  void prefetch(std::size_t slot) const { __builtin_prefetch(&slots_[slot]); }
  /// From `slot` on, the first whose row is the one, by is_it(row), or the free slot where that one belongs.
  template <class IsIt>
  std::size_t find(std::size_t slot, IsIt is_it) const {
    while (!is_free(slot) && !is_it(row(slot))) slot = (slot + 1) & (slots_.size() - 1);
    return slot;
  }
  /// REQUIRES: the slot is free; row < 2^32 - 1.
  void insert(std::size_t free_slot, std::size_t row) {
    slots_[free_slot] = static_cast<std::uint32_t>(row + 1);
  }

 private:
  static constexpr std::size_t kSlotsMin = 64;

  SpreadSeed seed_;
  unsigned shift_ = 0;
  BudgetVector<std::uint32_t> slots_;  // row + 1, or 0 where free
};

}  // namespace millrace
