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

void BatchBuilder::filled(std::size_t bytes, std::span<const std::uint32_t> ends,
                          std::span<const OriginRun> origins) {
  const auto begin = static_cast<std::uint32_t>(batch_.bytes);
  const std::uint32_t first = ends.empty() ? begin : static_cast<std::uint32_t>(batch_.ends.size());
  for (const std::uint32_t end : ends) batch_.ends.push_back(begin + end);
  for (OriginRun origin : origins) {
    origin.first += first;
    add_origin(origin);
  }
  batch_.bytes += bytes;
  records_ += ends.size();
}

// What follows the run before goes on with it.
void BatchBuilder::add_origin(const OriginRun& origin) {
  if (!batch_.origins.empty()) {
    const OriginRun& last = batch_.origins.back();
    const std::int64_t expected = last.first_offset + (origin.first - last.first);
    if (origin.partition == last.partition && origin.first_offset == expected) return;
  }
  batch_.origins.push_back(origin);
}

void BatchBuilder::record(std::string_view text, const OriginRun* origin) {
  if (origin != nullptr)
    add_origin({static_cast<std::uint32_t>(batch_.ends.size()), origin->partition, origin->first_offset});
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
  const std::size_t numbers =
      batch_.ends.size() + 4 * batch_.origins.size() + rows.key_at.size() + rows.key_length.size();
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
