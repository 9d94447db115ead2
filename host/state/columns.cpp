// Copying a backend's partials into owned columns.
// SPDX-License-Identifier: Apache-2.0
#include "host/state/columns.h"

#include "kernels/key.h"

namespace millrace {

Columns::Columns(std::size_t value_columns, MemoryBudget& budget)
    : keys(budget), counts(budget), text_end_(budget), texts_(budget) {
  for (std::size_t column = 0; column < value_columns; ++column) {
    values.emplace_back(budget);
    high.emplace_back(budget);
  }
}

void Columns::add(const Partials& partials) {
  const std::size_t rows = partials.keys.size();
  check(partials.counts.size() == rows && partials.texts.size() == rows &&
            partials.values.size() == rows * values.size(),
        "partials have columns of one length");
  unique = unique && partials.unique;
  keys.append(partials.keys);
  counts.append(partials.counts);
  for (std::size_t column = 0; column < values.size(); ++column)
    values[column].append(partials.values.subspan(column * rows, rows));
  for (const std::string_view text : partials.texts) {
    texts_.append(text);
    text_end_.push_back(texts_.size());
  }
  for (const std::int64_t count : partials.counts) count_total += count;
}

void Columns::append(Key key, std::string_view text, std::int64_t count) {
  keys.push_back(key);
  counts.push_back(count);
  texts_.append(text);
  text_end_.push_back(texts_.size());
}

void Columns::append(Key key, std::string_view text, std::int64_t count, std::span<const Int128> row_values) {
  append(key, text, count);
  count_total += count;
  for (std::size_t column = 0; column < values.size(); ++column) {
    values[column].push_back(0);
    if (!high[column].empty()) high[column].push_back(0);
    set_value(size() - 1, column, row_values[column]);
  }
}

void Columns::set_value(std::size_t row, std::size_t column, Int128 value) {
  const auto low = static_cast<std::int64_t>(value);
  values[column][row] = low;
  if (high[column].empty()) {
    if (low == value) return;
    widen(column);
  }
  high[column][row] = static_cast<std::int64_t>(value >> 64);
}

void Columns::widen(std::size_t column) {
  Column<std::int64_t>& made = high[column];
  for (const std::int64_t low : values[column]) made.push_back(low < 0 ? -1 : 0);
}

std::string_view Columns::text(std::size_t row, char (&scratch)[8]) const {
  const Key key = keys[row];
  if (!is_packed(key)) return hashed_text(row);
  for (unsigned i = 0; i < 8; ++i) scratch[i] = static_cast<char>(key.bits >> 8 * i);  // one store
  return {scratch, key.bits >> 56};
}

std::string_view Columns::hashed_text(std::size_t row) const {
  const std::uint64_t begin = row == 0 ? 0 : text_end_[row - 1];
  return {texts_.data() + begin, text_end_[row] - begin};
}

}  // namespace millrace
