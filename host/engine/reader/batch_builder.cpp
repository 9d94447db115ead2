// Appending records to an open batch.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/reader/batch_builder.h"

#include <cstring>

namespace millrace {
namespace {

// Rows are appended one by one; backends read columns.
void make_column_major(RowData& rows) {
  const std::size_t size = rows.key_at.size();
  const std::size_t columns = size == 0 ? 0 : rows.values.size() / size;
  if (columns < 2) return;
  BudgetVector<std::int64_t> turned(rows.values.size(), rows.values.get_allocator());
  for (std::size_t row = 0; row < size; ++row)
    for (std::size_t column = 0; column < columns; ++column)
      turned[column * size + row] = rows.values[row * columns + column];
  rows.values = std::move(turned);
}

}  // namespace

BatchBuilder::BatchBuilder(BufferId buffer, std::span<std::byte> memory, MemoryBudget& budget)
    : memory_(memory), batch_(budget) {
  check(memory.size() <= kBatchBytesMax, "offsets inside a batch fit 32 bits");
  batch_.buffer = buffer;
}

void BatchBuilder::filled(std::size_t bytes, std::span<const Record> records) {
  const auto begin = static_cast<std::uint32_t>(batch_.bytes);
  for (const Record& record : records) batch_.ends.push_back(begin + record.end);
  batch_.bytes += bytes;
  records_ += records.size();
}

void BatchBuilder::record(std::string_view text) {
  append(text);
  batch_.ends.push_back(static_cast<std::uint32_t>(batch_.bytes));
}

void BatchBuilder::row(std::string_view key, std::span<const std::int64_t> values) {
  batch_.has_rows = true;
  batch_.rows.key_at.push_back(static_cast<std::uint32_t>(batch_.bytes));
  batch_.rows.key_length.push_back(static_cast<std::uint32_t>(key.size()));
  batch_.rows.values.insert(batch_.rows.values.end(), values.begin(), values.end());
  append(key);
}

bool BatchBuilder::nearly_full() const {
  const RowData& rows = batch_.rows;
  const std::size_t numbers = batch_.ends.size() + rows.key_at.size() + rows.key_length.size();
  const std::size_t beside = numbers * sizeof(std::uint32_t) + rows.values.size() * sizeof(std::int64_t);
  return room().size() < memory_.size() / 16 + 1 || beside >= memory_.size();
}

void BatchBuilder::append(std::string_view text) {
  check(text.size() <= room().size(), "a record fits the room it was promised");
  if (!text.empty()) std::memcpy(room().data(), text.data(), text.size());
  batch_.bytes += text.size();
  ++records_;
}

FilledBatch BatchBuilder::close(unsigned reader, Instant now) && {
  make_column_major(batch_.rows);
  batch_.reader = reader;
  batch_.pane = pane;
  batch_.times.opened = opened;
  batch_.times.closed = now;
  return std::move(batch_);
}

}  // namespace millrace
