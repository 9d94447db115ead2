// Adding to a pane's tables, and setting aside what would overflow.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/table/pane_table.h"

#include <array>
#include <type_traits>

#include "kernels/reduce.h"

namespace millrace {
namespace {

/// So far ahead of its use is a slot asked for: the time of a miss in all caches.
constexpr std::size_t kPrefetchAhead = 24;

}  // namespace

PaneTable::PaneTable(const TableOptions& rule, Expected expected)
    : columns_(rule.columns),
      hash_(rule.hash),
      short_(rule.columns.size(), rule.order, expected.short_keys, *rule.budget),
      medium_(rule.columns.size(), rule.order, expected.medium_keys, *rule.budget),
      long_(rule.columns.size(), rule.order, expected.long_keys, *rule.budget),
      texts_(*rule.budget),
      spilled_(BudgetAllocator<Spilled>(*rule.budget)),
      spilled_values_(BudgetAllocator<std::int64_t>(*rule.budget)) {}

void PaneTable::count(const LengthClasses& keys) {
  count_each(short_, keys.base(), keys.short_keys());
  count_each(medium_, keys.base(), keys.medium_keys());
  count_each(long_, keys.base(), keys.long_keys());
}

template <class Slot>
typename Slot::Text PaneTable::key_at(const char* text, std::uint32_t length) const {
  if constexpr (std::is_same_v<Slot, LongSlot>) {
    return {hashed_key_at_once(text, length, hash_).bits, text, length};
  } else {
    return Slot::make(text, length);
  }
}

template <class Slot>
void PaneTable::count_each(Table<Slot>& table, const char* base, std::span<const Place> keys) {
  table.make_room(keys.size());
  if (table.is_large()) return count_prefetched(table, base, keys);
  const auto view = table.view();
  for (const Place place : keys) {
    const auto key = key_at<Slot>(base + offset_of(place), length_of(place));
    Slot* const slot = view.home(key);
    if (Slot::equal(slot->key, key)) [[likely]] {
      ++slot->count;
    } else {
      ++table.slot(find_or_insert(table, key, table.number_of(slot))).count;
    }
  }
}

template <class Slot>
void PaneTable::count_prefetched(Table<Slot>& table, const char* base, std::span<const Place> keys) {
  struct Asked {
    typename Slot::Text key;
    Slot* home;
  };
  std::array<Asked, 32> ring;
  static_assert(kPrefetchAhead <= ring.size());
  const auto view = table.view();
  const auto ask = [&](std::size_t i) {
    const auto key = key_at<Slot>(base + offset_of(keys[i]), length_of(keys[i]));
    Slot* const home = view.home(key);
    prefetch_search(home);
    ring[i % ring.size()] = {key, home};
  };
  const auto count = [&](std::size_t i) {
    const Asked& asked = ring[i % ring.size()];
    if (Slot::equal(asked.home->key, asked.key)) [[likely]] {
      ++asked.home->count;
    } else {
      ++table.slot(find_or_insert(table, asked.key, table.number_of(asked.home))).count;
    }
  };
  const std::size_t ahead = std::min(kPrefetchAhead, keys.size());
  for (std::size_t i = 0; i < ahead; ++i) ask(i);
  for (std::size_t i = ahead; i < keys.size(); ++i) {
    ask(i);
    count(i - ahead);
  }
  for (std::size_t i = keys.size() - ahead; i < keys.size(); ++i) count(i);
}

template <class Slot>
[[gnu::noinline]] std::size_t PaneTable::find_or_insert(Table<Slot>& table, typename Slot::Text key,
                                                        std::size_t home) {
  const std::size_t at = table.find(key, home);
  if (!table.is_free(at)) return at;
  if constexpr (std::is_same_v<Slot, LongSlot>) {
    const std::string_view text = texts_.copy(LongSlot::text(key));
    table.insert(at, {key.hash, text.data(), text.size()});
  } else {
    table.insert(at, key);
  }
  set_to_identity(table.values(at));
  return at;
}

void PaneTable::add(const char* text, std::uint32_t length, const std::int64_t* values) {
  if (length <= ShortSlot::kLengthMax) {
    add_one(short_, ShortSlot::make(text, length), 1, values);
  } else if (length <= MediumSlot::kLengthMax) {
    add_one(medium_, MediumSlot::make(text, length), 1, values);
  } else {
    add_one(long_, key_at<LongSlot>(text, length), 1, values);
  }
}

void PaneTable::prefetch(const char* text, std::uint32_t length) const {
  if (length <= ShortSlot::kLengthMax) {
    short_.prefetch(short_.home(ShortSlot::make(text, length)));
  } else if (length <= MediumSlot::kLengthMax) {
    medium_.prefetch(medium_.home(MediumSlot::make(text, length)));
  } else {
    long_.prefetch(long_.home(key_at<LongSlot>(text, length)));
  }
}

template <class Slot>
void PaneTable::add_one(Table<Slot>& table, const typename Slot::Text& key, std::int64_t count,
                        const std::int64_t* values) {
  table.make_room(1);
  const std::size_t at = find_or_insert(table, key, table.home(key));
  if (!columns_.empty()) reduce_values(table, at, values);
  table.slot(at).count += count;
}

void PaneTable::add_range(const PaneTable& other, unsigned range, unsigned range_bits) {
  add_range_of(short_, other.short_, range, range_bits);
  add_range_of(medium_, other.medium_, range, range_bits);
  add_range_of(long_, other.long_, range, range_bits);
}

template <class Slot>
void PaneTable::add_range_of(Table<Slot>& table, const Table<Slot>& other, unsigned range,
                             unsigned range_bits) {
  other.for_each_in(range, range_bits, [&](std::size_t from) {
    const Slot& slot = other.slot(from);
    table.make_room(1);
    const std::size_t at = table.find(slot.key);
    if (table.is_free(at)) {
      table.insert(at, slot.key);
      set_to_identity(table.values(at));
    }
    if (!columns_.empty()) reduce_values(table, at, other.values(from));
    table.slot(at).count += slot.count;
  });
}

void PaneTable::forget_keys(Memory memory) {
  const auto forget = [memory](auto& table) { memory == Memory::kept ? table.clear() : table.free(); };
  forget(short_);
  forget(medium_);
  forget(long_);
}

void PaneTable::reuse() {
  forget_keys(Memory::kept);
  texts_.clear();
  spilled_.clear();
  spilled_values_.clear();
}

bool PaneTable::is_worth_reusing() const {
  const std::size_t keys = short_.size() + medium_.size() + long_.size();
  return keys >= (short_.capacity() + medium_.capacity() + long_.capacity()) / 8;
}

template <class Slot>
void PaneTable::reduce_values(Table<Slot>& table, std::size_t at, const std::int64_t* values) {
  std::int64_t* kept = table.values(at);
  Slot& slot = table.slot(at);
  if (sums_overflow(kept, values)) {
    if constexpr (std::is_same_v<Slot, ShortSlot>) {
      char scratch[8];
      const std::uint32_t length = unpack(ShortSlot::packed(slot.key), scratch);
      spill({scratch, length}, slot.count, kept);
    } else {
      spill(Slot::text(slot.key), slot.count, kept);
    }
    slot.count = 0;
    set_to_identity(kept);
  }
  for (std::size_t c = 0; c < columns_.size(); ++c) kept[c] = reduce(columns_[c].combine, kept[c], values[c]);
}

bool PaneTable::sums_overflow(const std::int64_t* a, const std::int64_t* b) const {
  for (std::size_t c = 0; c < columns_.size(); ++c)
    if (columns_[c].combine == Combine::sum && sum_overflows(a[c], b[c])) return true;
  return false;
}

// The text is copied: slots move when a table grows.
void PaneTable::spill(std::string_view text, std::int64_t count, const std::int64_t* values) {
  spilled_.push_back({texts_.copy(text), count});
  spilled_values_.insert(spilled_values_.end(), values, values + columns_.size());
}

void PaneTable::set_to_identity(std::int64_t* values) const {
  for (std::size_t c = 0; c < columns_.size(); ++c) values[c] = identity(columns_[c].combine);
}

}  // namespace millrace
