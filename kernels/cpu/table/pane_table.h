// What one worker has counted for one pane.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <millrace/memory_budget.h>
#include <millrace/plan.h>
#include <millrace/types.h>

#include "base/partial_bytes.h"
#include "kernels/cpu/simd/length_classes.h"
#include "kernels/cpu/table/load.h"
#include "kernels/cpu/table/table.h"
#include "kernels/cpu/table/text_arena.h"
#include "kernels/key.h"

namespace millrace {

/// What all tables of a backend share; outlives them.
struct TableOptions {
  std::span<const ValueColumn> columns;
  HashSeed hash;
  SlotOrder order;
  MemoryBudget* budget = nullptr;
};

/// Keys that a table is likely to hold.
struct Expected {
  std::size_t short_keys = 0;
  std::size_t medium_keys = 0;
  std::size_t long_keys = 0;
};

/// Keys with their counts and values. A sum that would leave 64 bits is spilled: its key's partial is set
/// aside and the key starts again, so that a key may be there several times. Functions that add throw
/// BudgetError. REQUIRES, wherever a text is given: kSlackBytes may be read past it.
class PaneTable {
 public:
  explicit PaneTable(const TableOptions& rule, Expected expected = {});

  /// Counts each of many texts once. REQUIRES: there are no value columns.
  void count(const LengthClasses& keys);
  /// Counts a text once, with one value per column.
  void add(const char* text, std::uint32_t length, const std::int64_t* values);
  /// Announces an add, so that its memory is on its way.
  void prefetch(const char* text, std::uint32_t length) const;
  /// Adds one range of the keys of another table, without its spilled ones. Texts stay where they are: the
  /// other table must outlive this one.
  void add_range(const PaneTable& other, unsigned range, unsigned range_bits);
  /// Forgets all keys but those that were spilled, and keeps all texts. `memory` is what becomes of theirs.
  enum class Memory : std::uint8_t { kept, given_back };
  void forget_keys(Memory memory);
  /// Forgets everything, and keeps the memory for the keys of another pane.
  void reuse();
  /// Whether it is so full that clearing it costs less than tables that grow again.
  bool is_worth_reusing() const;

  Expected sizes() const { return {short_.size(), medium_.size(), long_.size()}; }
  std::size_t rows() const { return short_.size() + medium_.size() + long_.size() + spilled_.size(); }
  /// Host bytes that all partials take as columns, with their texts.
  std::size_t column_bytes() const {
    return rows() * partial_bytes(columns_.size()) + medium_.size() * MediumSlot::kLengthMax + texts_.bytes();
  }
  bool has_spilled() const { return !spilled_.empty(); }
  /// More than the caches next to a core hold.
  bool is_large() const { return short_.is_large() || medium_.is_large() || long_.is_large(); }
  /// Calls visit(Key, text, count, values) for every partial; the text of a packed key is empty.
  template <class Visit>
  void for_each_row(Visit visit) const;

 private:
  struct Spilled {
    std::string_view text;
    std::int64_t count = 0;
  };

  template <class Slot>
  void count_each(Table<Slot>& table, const char* base, std::span<const Place> keys);
  template <class Slot>
  void count_prefetched(Table<Slot>& table, const char* base, std::span<const Place> keys);
  template <class Slot>
  std::size_t find_or_insert(Table<Slot>& table, typename Slot::Text key, std::size_t home);
  template <class Slot>
  void add_one(Table<Slot>& table, const typename Slot::Text& key, std::int64_t count,
               const std::int64_t* values);
  template <class Slot>
  void add_range_of(Table<Slot>& table, const Table<Slot>& other, unsigned range, unsigned range_bits);
  template <class Slot>
  typename Slot::Text key_at(const char* text, std::uint32_t length) const;
  template <class Slot>
  void reduce_values(Table<Slot>& table, std::size_t at, const std::int64_t* values);
  bool sums_overflow(const std::int64_t* a, const std::int64_t* b) const;
  void spill(std::string_view text, std::int64_t count, const std::int64_t* values);
  void set_to_identity(std::int64_t* values) const;

  std::span<const ValueColumn> columns_;
  HashSeed hash_;
  Table<ShortSlot> short_;
  Table<MediumSlot> medium_;
  Table<LongSlot> long_;
  TextArena texts_;
  BudgetVector<Spilled> spilled_;
  BudgetVector<std::int64_t> spilled_values_;  // row-major
};

template <class Visit>
void PaneTable::for_each_row(Visit visit) const {
  short_.for_each([&](std::size_t i) {
    const ShortSlot& slot = short_.slot(i);
    visit(ShortSlot::packed(slot.key), std::string_view(), slot.count, short_.values(i));
  });
  const auto visit_hashed = [&](std::string_view text, std::int64_t count, const std::int64_t* values) {
    visit(hashed_key_at_once(text.data(), static_cast<std::uint32_t>(text.size()), hash_), text, count, values);
  };
  medium_.for_each([&](std::size_t i) {
    visit_hashed(MediumSlot::text(medium_.slot(i).key), medium_.slot(i).count, medium_.values(i));
  });
  long_.for_each([&](std::size_t i) {
    const LongSlot& slot = long_.slot(i);
    visit(Key{slot.key.hash}, LongSlot::text(slot.key), slot.count, long_.values(i));
  });
  for (std::size_t i = 0; i < spilled_.size(); ++i) {
    const Spilled& row = spilled_[i];
    const std::int64_t* values = spilled_values_.data() + i * columns_.size();
    if (row.text.size() > kPackedBytesMax) {
      visit_hashed(row.text, row.count, values);
    } else {
      visit(pack(row.text.data(), static_cast<std::uint32_t>(row.text.size())), std::string_view(), row.count,
            values);
    }
  }
}

}  // namespace millrace
