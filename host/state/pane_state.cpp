// Merging partials: adopt the first, then an open-addressing index over the rows.
// SPDX-License-Identifier: Apache-2.0
#include "host/state/pane_state.h"

#include <algorithm>
#include <array>
#include <string>

namespace millrace {
namespace {

// Searches of that many keys wait for memory together.
constexpr std::size_t kBlock = 64;

void check_limit(std::size_t keys, std::size_t keys_max) {
  if (keys <= keys_max) return;
  throw LimitError("a window holds at most " + std::to_string(keys_max) +
                   " different keys: filter them, or count shorter windows with --every");
}

}  // namespace

PaneState::PaneState(std::vector<ValueColumn> columns, std::uint64_t seed, MemoryBudget& budget,
                     std::size_t keys_max)
    : columns_(std::move(columns)),
      keys_max_(keys_max),
      rows_(columns_.size(), budget),
      index_(seed, budget),
      high_(columns_.size(), BudgetVector<std::int64_t>(BudgetAllocator<std::int64_t>(budget))) {}

void PaneState::merge(Columns&& partials) {
  if (rows_.size() == 0 && partials.unique) {
    check_limit(partials.size(), keys_max_);
    rows_ = std::move(partials);
    return;
  }
  for (std::size_t begin = 0; begin < partials.size(); begin += kBlock)
    merge_block(partials, begin, std::min(begin + kBlock, partials.size()));
}

// A search looks at a slot, at the row that it names, and at that row's text: each is fetched for the whole
// block before the first is looked at.
void PaneState::merge_block(const Columns& partials, std::size_t begin, std::size_t end) {
  if (!index_.has_room(rows_.size() + end - begin)) index_.rebuild(rows_.keys, 2 * (rows_.size() + kBlock));
  std::array<std::size_t, kBlock> homes;
  const auto for_each_found = [&](auto visit) {
    for (std::size_t from = begin; from < end; ++from)
      if (!index_.is_free(homes[from - begin])) visit(index_.row(homes[from - begin]));
  };
  for (std::size_t from = begin; from < end; ++from) {
    homes[from - begin] = index_.home(partials.keys[from]);
    index_.prefetch(homes[from - begin]);
  }
  for_each_found([this](std::size_t row) {
    rows_.prefetch(row);
    rows_.prefetch_text_end(row);
  });
  for_each_found([this](std::size_t row) {
    if (!is_packed(rows_.keys[row])) rows_.prefetch_text(row);
  });
  for (std::size_t from = begin; from < end; ++from) {
    const std::size_t before = rows_.size();
    const std::size_t row = find_or_add(homes[from - begin], partials.keys[from], partials.hashed_text(from));
    add_values(row, partials, from, row == before);
  }
}

Int128 PaneState::value(std::size_t row, std::size_t column) const {
  const std::int64_t low = rows_.values[column][row];
  if (row >= high_[column].size()) return low;
  return static_cast<Int128>(high_[column][row]) * (Int128{1} << 64) + static_cast<std::uint64_t>(low);
}

std::size_t PaneState::find_or_add(std::size_t slot, Key key, std::string_view text) {
  slot = index_.find(slot,
                     [&](std::size_t row) { return rows_.keys[row] == key && rows_.hashed_text(row) == text; });
  if (!index_.is_free(slot)) return index_.row(slot);
  const std::size_t row = rows_.size();
  check_limit(row + 1, keys_max_);
  rows_.append(key, text, 0);
  index_.insert(slot, row);
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

}  // namespace millrace
