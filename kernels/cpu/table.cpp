// Growing a table.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/table.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace millrace {
namespace {

constexpr std::size_t kCapacityMin = 1024;
static_assert(kCapacityMin >= std::size_t{1} << Table::kRangeBitsMax);

}  // namespace

Table::Table(std::size_t columns, Texts texts, Order order, std::size_t expected, MemoryBudget& budget)
    : columns_(columns),
      has_texts_(texts),
      order_(order),
      slots_(std::max(kCapacityMin, std::bit_ceil(2 * expected)), BudgetAllocator<Slot>(budget)),
      values_(slots_.size() * columns, BudgetAllocator<std::int64_t>(budget)),
      texts_(texts == Texts::yes ? slots_.size() : 0, BudgetAllocator<std::string_view>(budget)) {
  shift_ = static_cast<unsigned>(64 - std::countr_zero(slots_.size()));
}

std::size_t Table::insert(std::size_t free_slot, Key key, std::string_view text) {
  if (2 * (size_ + 1) > capacity()) {
    grow();
    free_slot = has_texts_ == Texts::yes ? find(key, text) : find(key);
  }
  slots_[free_slot].bits = key.bits;
  if (has_texts_ == Texts::yes) texts_[free_slot] = text;
  ++size_;
  return free_slot;
}

void Table::clear() {
  size_ = 0;
  slots_ = BudgetVector<Slot>(slots_.get_allocator());
  values_ = BudgetVector<std::int64_t>(values_.get_allocator());
  texts_ = BudgetVector<std::string_view>(texts_.get_allocator());
}

void Table::grow() {
  Table larger(columns_, has_texts_, order_, capacity(), slots_.get_allocator().budget());
  for_each([&](std::size_t from) {
    std::size_t to = larger.home(key(from));
    while (!larger.is_free(to)) to = larger.next(to);
    larger.slots_[to] = slots_[from];
    std::copy_n(values(from), columns_, larger.values(to));
    if (has_texts_ == Texts::yes) larger.texts_[to] = texts_[from];
  });
  larger.size_ = size_;
  *this = std::move(larger);
}

}  // namespace millrace
