// Copying batches and moving their records' places.
// SPDX-License-Identifier: Apache-2.0
#include "host/backends/batch_sample.h"

#include <algorithm>
#include <cstring>

namespace millrace {

Sample::Sample(std::size_t capacity, MemoryBudget& budget)
    : text_(pageable_buffer(capacity, budget)),
      ends_(BudgetAllocator<std::uint32_t>(budget)),
      rows_(budget),
      joined_ends_(BudgetAllocator<std::uint32_t>(budget)),
      joined_rows_(budget) {}

bool Sample::is_alike(const Batch& batch) const {
  return parts_.empty() || (batch.has_rows == has_rows_ && batch.ends.empty() != has_ends_);
}

void Sample::clear() {
  size_ = passed_over_ = 0;
  parts_.clear();
  ends_.clear();
  rows_.key_at.clear();
  rows_.key_length.clear();
  rows_.values.clear();
}

bool Sample::add(const Batch& batch) {
  // A text may end without a separator, where a file ends: then a newline keeps it from the next.
  const std::size_t needed = batch.bytes.size() + 1;
  if (batch.bytes.empty()) return true;
  if (!is_alike(batch)) {
    passed_over_ += batch.bytes.size();
    if (passed_over_ <= size_) return true;
    clear();
  }
  if (needed > text_.bytes().size() - size_) return parts_.empty();
  has_rows_ = batch.has_rows;
  has_ends_ = !batch.ends.empty();
  std::memcpy(text_.bytes().data() + size_, batch.bytes.data(), batch.bytes.size());
  const Rows& rows = batch.rows;
  parts_.push_back({size_, size_ + batch.bytes.size(), ends_.size(), batch.ends.size(), rows_.key_at.size(),
                    rows.key_at.size(), rows_.values.size(), rows.values.size()});
  size_ = parts_.back().end;
  if (!has_rows_ && !has_ends_ && batch.bytes.back() != std::byte{'\n'})
    text_.bytes()[size_++] = std::byte{'\n'};
  ends_.insert(ends_.end(), batch.ends.begin(), batch.ends.end());
  rows_.key_at.insert(rows_.key_at.end(), rows.key_at.begin(), rows.key_at.end());
  rows_.key_length.insert(rows_.key_length.end(), rows.key_length.begin(), rows.key_length.end());
  rows_.values.insert(rows_.values.end(), rows.values.begin(), rows.values.end());
  return size_ < text_.bytes().size();
}

std::vector<Batch> Sample::parts() const {
  std::vector<Batch> batches;
  for (const Part& part : parts_)
    batches.push_back({.buffer = {static_cast<std::uint32_t>(batches.size())},
                       .pane = {},
                       .bytes = text_.bytes().subspan(part.begin, part.end - part.begin),
                       .ends = std::span(ends_).subspan(part.first_end, part.ends),
                       .has_rows = has_rows_,
                       .rows = {std::span(rows_.key_at).subspan(part.first_row, part.rows),
                                std::span(rows_.key_length).subspan(part.first_row, part.rows),
                                std::span(rows_.values).subspan(part.first_value, part.value_count)}});
  return batches;
}

Batch Sample::joined(std::size_t limit) {
  std::size_t parts = 0;
  while (parts < parts_.size() && (parts == 0 || parts_[parts].end <= limit)) ++parts;
  joined_ends_.clear();
  joined_rows_.key_at.clear();
  for (std::size_t p = 0; p < parts; ++p) {
    const Part& part = parts_[p];
    const auto begin = static_cast<std::uint32_t>(part.begin);
    for (std::size_t i = 0; i < part.ends; ++i) joined_ends_.push_back(begin + ends_[part.first_end + i]);
    for (std::size_t i = 0; i < part.rows; ++i)
      joined_rows_.key_at.push_back(begin + rows_.key_at[part.first_row + i]);
  }
  const std::size_t rows = joined_rows_.key_at.size();
  const std::size_t values = joined_values(parts);
  return {.buffer = {},
          .pane = {},
          .bytes = text_.bytes().first(parts == 0 ? 0 : parts_[parts - 1].end),
          .ends = joined_ends_,
          .has_rows = has_rows_,
          .rows = {joined_rows_.key_at, std::span(rows_.key_length).first(rows),
                   std::span(joined_rows_.values).first(values)}};
}

// Column-major in each part becomes column-major in all.
std::size_t Sample::joined_values(std::size_t parts) {
  joined_rows_.values.clear();
  std::size_t columns = 0;
  for (const Part& part : parts_)
    if (part.rows != 0) columns = part.value_count / part.rows;
  for (std::size_t column = 0; column < columns; ++column)
    for (std::size_t p = 0; p < parts; ++p) {
      const auto from =
          std::span(rows_.values).subspan(parts_[p].first_value + column * parts_[p].rows, parts_[p].rows);
      joined_rows_.values.insert(joined_rows_.values.end(), from.begin(), from.end());
    }
  return joined_rows_.values.size();
}

}  // namespace millrace
