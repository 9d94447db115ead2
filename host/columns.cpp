// Copying a backend's partials into owned columns.
// SPDX-License-Identifier: Apache-2.0
#include "host/columns.h"

namespace millrace {

Columns::Columns(std::size_t value_columns, MemoryBudget& budget)
    : keys(BudgetAllocator<Key>(budget)),
      counts(BudgetAllocator<std::int64_t>(budget)),
      values(value_columns, BudgetVector<std::int64_t>(BudgetAllocator<std::int64_t>(budget))),
      text_end_(BudgetAllocator<std::uint64_t>(budget)),
      texts_(BudgetAllocator<char>(budget)) {}

void Columns::add(const Partials& partials) {
  const std::size_t rows = partials.keys.size();
  check(partials.counts.size() == rows && partials.texts.size() == rows &&
            partials.values.size() == rows * values.size(),
        "partials have columns of one length");
  unique = unique && partials.unique;
  keys.insert(keys.end(), partials.keys.begin(), partials.keys.end());
  counts.insert(counts.end(), partials.counts.begin(), partials.counts.end());
  for (std::size_t column = 0; column < values.size(); ++column) {
    const auto from = partials.values.subspan(column * rows, rows);
    values[column].insert(values[column].end(), from.begin(), from.end());
  }
  for (const std::string_view text : partials.texts) {
    texts_.insert(texts_.end(), text.begin(), text.end());
    text_end_.push_back(texts_.size());
  }
  for (const std::int64_t count : partials.counts) count_total += count;
}

void Columns::append(Key key, std::string_view text, std::int64_t count) {
  keys.push_back(key);
  counts.push_back(count);
  texts_.insert(texts_.end(), text.begin(), text.end());
  text_end_.push_back(texts_.size());
}

std::string_view Columns::hashed_text(std::size_t row) const {
  const std::uint64_t begin = row == 0 ? 0 : text_end_[row - 1];
  return {texts_.data() + begin, text_end_[row] - begin};
}

}  // namespace millrace
