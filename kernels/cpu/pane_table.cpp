// Adding to a pane's table, and setting aside what would overflow.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/pane_table.h"

#include "kernels/reduce.h"

namespace millrace {

PaneTable::PaneTable(const TableRule& rule, std::size_t packed_expected, std::size_t hashed_expected)
    : columns_(rule.columns),
      hash_(rule.hash),
      packed_(rule.columns.size(), Table::Texts::no, rule.order, packed_expected, *rule.budget),
      hashed_(rule.columns.size(), Table::Texts::yes, rule.order, hashed_expected, *rule.budget),
      texts_(*rule.budget),
      spilled_(BudgetAllocator<Spilled>(*rule.budget)),
      spilled_values_(BudgetAllocator<std::int64_t>(*rule.budget)) {}

void PaneTable::add_hashed(std::string_view text, const std::int64_t* values) {
  const Key key = hashed_key(text.data(), static_cast<std::uint32_t>(text.size()), hash_);
  std::size_t at = hashed_.find(key, text);
  if (hashed_.is_free(at)) at = insert(hashed_, at, key, texts_.copy(text));
  accumulate(hashed_, at, 1, values);
}

void PaneTable::add_range(const PaneTable& other, unsigned range, unsigned range_bits) {
  other.packed_.for_each_in(range, range_bits, [&](std::size_t from) {
    const Key key = other.packed_.key(from);
    std::size_t at = packed_.find(key);
    if (packed_.is_free(at)) at = insert(packed_, at, key, {});
    accumulate(packed_, at, other.packed_.slot(from).count, other.packed_.values(from));
  });
  other.hashed_.for_each_in(range, range_bits, [&](std::size_t from) {
    const Key key = other.hashed_.key(from);
    const std::string_view text = other.hashed_.text(from);
    std::size_t at = hashed_.find(key, text);
    if (hashed_.is_free(at)) at = insert(hashed_, at, key, text);
    accumulate(hashed_, at, other.hashed_.slot(from).count, other.hashed_.values(from));
  });
}

void PaneTable::forget_keys() {
  packed_.clear();
  hashed_.clear();
}

std::size_t PaneTable::insert(Table& table, std::size_t free_slot, Key key, std::string_view text) {
  const std::size_t at = table.insert(free_slot, key, text);
  set_to_identity(table.values(at));
  return at;
}

void PaneTable::reduce_values(Table& table, std::size_t at, const std::int64_t* values) {
  std::int64_t* kept = table.values(at);
  if (sums_overflow(kept, values)) spill(table, at);
  for (std::size_t c = 0; c < columns_.size(); ++c) kept[c] = reduce(columns_[c].combine, kept[c], values[c]);
}

bool PaneTable::sums_overflow(const std::int64_t* a, const std::int64_t* b) const {
  for (std::size_t c = 0; c < columns_.size(); ++c)
    if (columns_[c].combine == Combine::sum && sum_overflows(a[c], b[c])) return true;
  return false;
}

void PaneTable::spill(Table& table, std::size_t at) {
  std::int64_t* values = table.values(at);
  spilled_.push_back({table.key(at), table.text(at), table.slot(at).count});
  spilled_values_.insert(spilled_values_.end(), values, values + columns_.size());
  table.slot(at).count = 0;
  set_to_identity(values);
}

void PaneTable::set_to_identity(std::int64_t* values) const {
  for (std::size_t c = 0; c < columns_.size(); ++c) values[c] = identity(columns_[c].combine);
}

}  // namespace millrace
