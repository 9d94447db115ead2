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
    : columns_(std::move(columns)), keys_max_(keys_max), rows_(columns_.size(), budget), index_(seed, budget) {}

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
    const bool wide = !from.high[column].empty() || !rows_.high[column].empty();
    if (is_new) {
      rows_.values[column].push_back(from.values[column][from_row]);
      if (!rows_.high[column].empty()) rows_.high[column].push_back(0);
      if (wide) rows_.set_value(row, column, from.value(from_row, column));
    } else if (wide || !combine_narrow(row, column, from.values[column][from_row])) {
      combine(row, column, from.value(from_row, column));
    }
  }
}

// False: the sum does not fit 64 bits, and nothing is changed.
bool PaneState::combine_narrow(std::size_t row, std::size_t column, std::int64_t value) {
  std::int64_t& low = rows_.values[column][row];
  std::int64_t sum = 0;
  switch (columns_[column].combine) {
    case Combine::min: low = std::min(low, value); return true;
    case Combine::max: low = std::max(low, value); return true;
    case Combine::sum: break;
  }
  if (__builtin_add_overflow(low, value, &sum)) return false;
  low = sum;
  return true;
}

void PaneState::combine(std::size_t row, std::size_t column, Int128 value) {
  const Int128 before = this->value(row, column);
  switch (columns_[column].combine) {
    case Combine::min: return rows_.set_value(row, column, std::min(before, value));
    case Combine::max: return rows_.set_value(row, column, std::max(before, value));
    case Combine::sum: return rows_.set_value(row, column, before + value);
  }
}

}  // namespace millrace
