// Merging partials: adopt the first, then an open-addressing index over the rows.
// SPDX-License-Identifier: Apache-2.0
#include "host/state.h"

#include <bit>
#include <limits>

#include "kernels/key.h"

namespace millrace {
namespace {

// Keys are packed text as often as hashes, so their bits are spread before they choose a slot.
std::size_t slot_of(Key key, std::size_t slots) {
  return static_cast<std::size_t>(mix(key.bits)) & (slots - 1);
}

}  // namespace

PaneState::PaneState(std::vector<ValueColumn> columns, MemoryBudget& budget)
    : columns_(std::move(columns)),
      budget_(budget),
      rows_(columns_.size(), budget),
      index_(BudgetAllocator<std::uint32_t>(budget)),
      high_(columns_.size(), BudgetVector<std::int64_t>(BudgetAllocator<std::int64_t>(budget))) {}

void PaneState::merge(Columns&& partials) {
  if (rows_.size() == 0 && partials.unique) {
    rows_ = std::move(partials);
    return;
  }
  for (std::size_t from = 0; from < partials.size(); ++from) {
    const std::size_t before = rows_.size();
    const std::size_t row = find_or_add(partials.keys[from], partials.hashed_text(from));
    add_values(row, partials, from, row == before);
  }
}

std::string_view PaneState::text(std::size_t row, char (&scratch)[8]) const {
  const Key key = rows_.keys[row];
  if (!is_packed(key)) return rows_.hashed_text(row);
  for (unsigned i = 0; i < 8; ++i) scratch[i] = static_cast<char>(key.bits >> 8 * i);  // one store
  return {scratch, key.bits >> 56};
}

Int128 PaneState::value(std::size_t row, std::size_t column) const {
  const std::int64_t low = rows_.values[column][row];
  if (row >= high_[column].size()) return low;
  return static_cast<Int128>(high_[column][row]) * (Int128{1} << 64) + static_cast<std::uint64_t>(low);
}

void PaneState::build_index(std::size_t rows) {
  check(rows < std::numeric_limits<std::uint32_t>::max() / 2, "a pane holds fewer than 2^31 keys");
  const std::size_t slots = std::bit_ceil(rows * 2 + 16);
  index_ = BudgetVector<std::uint32_t>(BudgetAllocator<std::uint32_t>(budget_));
  index_.resize(slots);
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    std::size_t slot = slot_of(rows_.keys[row], slots);
    while (index_[slot] != 0) slot = (slot + 1) & (slots - 1);
    index_[slot] = static_cast<std::uint32_t>(row + 1);
  }
}

std::size_t PaneState::find_or_add(Key key, std::string_view text) {
  if (rows_.size() * 2 >= index_.size()) build_index(rows_.size() * 2 + 1);
  std::size_t slot = slot_of(key, index_.size());
  for (; index_[slot] != 0; slot = (slot + 1) & (index_.size() - 1)) {
    const std::size_t row = index_[slot] - 1;
    if (rows_.keys[row] == key && rows_.hashed_text(row) == text) return row;
  }
  const std::size_t row = rows_.size();
  rows_.append(key, text, 0);
  index_[slot] = static_cast<std::uint32_t>(row + 1);
  return row;
}

void PaneState::add_values(std::size_t row, const Columns& from, std::size_t from_row, bool is_new) {
  rows_.counts[row] += from.counts[from_row];
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    const std::int64_t value = from.values[column][from_row];
    if (is_new) {
      rows_.values[column].push_back(value);
      if (!high_[column].empty()) high_[column].push_back(value < 0 ? -1 : 0);
    } else {
      combine(row, column, value);
    }
  }
}

void PaneState::combine(std::size_t row, std::size_t column, std::int64_t value) {
  std::int64_t& low = rows_.values[column][row];
  switch (columns_[column].combine) {
    case Combine::min: low = std::min(low, value); return;
    case Combine::max: low = std::max(low, value); return;
    case Combine::sum: break;
  }
  auto& high = high_[column];
  if (high.empty()) {
    if (!__builtin_add_overflow(low, value, &low)) return;
    // __builtin_add_overflow left the wrapped sum: take it back, then go on in 128 bits.
    low = static_cast<std::int64_t>(static_cast<std::uint64_t>(low) - static_cast<std::uint64_t>(value));
    high.reserve(rows_.size());
    for (const std::int64_t each : rows_.values[column]) high.push_back(each < 0 ? -1 : 0);
  }
  const Int128 sum = this->value(row, column) + value;
  low = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum));
  high[row] = static_cast<std::int64_t>(sum >> 64);
}

void State::merge(Pane pane, Columns&& partials) {
  panes_.try_emplace(pane, columns_, budget_).first->second.merge(std::move(partials));
}

const PaneState& State::at(Pane pane) {
  return panes_.try_emplace(pane, columns_, budget_).first->second;
}

}  // namespace millrace
