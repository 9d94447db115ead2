// Of each key what it shares with the one before is left out.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/run.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "host/log/encoding.h"
#include "host/state/row_sort.h"

namespace millrace {
namespace {

constexpr std::size_t kVarintBytesMax = 10;

std::size_t common_length(std::string_view a, std::string_view b) {
  const auto differ = std::ranges::mismatch(a, b);
  return static_cast<std::size_t>(differ.in1 - a.begin());
}

void put_head(std::string& out, const RunHead& head) {
  put_zigzag(out, head.pane.index);
  put_varint(out, head.rows);
  put_varint(out, head.value_columns);
}

RunHead head_of(Decoder& bytes) {
  const Pane pane{bytes.zigzag()};
  const std::uint64_t rows = bytes.varint();
  return {pane, rows, bytes.varint()};
}

}  // namespace

BudgetVector<std::uint32_t> by_key(const Columns& columns, MemoryBudget& budget, WorkerPool& workers) {
  BudgetVector<std::uint32_t> rows(columns.size(), BudgetAllocator<std::uint32_t>(budget));
  std::iota(rows.begin(), rows.end(), 0U);
  BudgetVector<std::uint64_t> no_ranks(columns.size(), BudgetAllocator<std::uint64_t>(budget));
  sort_rows(rows, no_ranks, columns, budget, workers);
  return rows;
}

void write_run(FrameWriter& frame, Pane pane, const Columns& columns, std::span<const std::uint32_t> order) {
  frame.begin(Section::run);
  frame.make_room(3 * kVarintBytesMax);
  put_head(frame.chunk(), {pane, order.size(), columns.values.size()});
  std::string before;  // the key of the row before, in the same chunk
  for (const std::uint32_t row : order) {
    char scratch[8];
    const std::string_view key = columns.text(row, scratch);
    if (frame.make_room((3 + columns.values.size()) * kVarintBytesMax + key.size())) before.clear();
    std::string& chunk = frame.chunk();
    const std::size_t shared = common_length(before, key);
    put_varint(chunk, shared);
    put_text(chunk, key.substr(shared));
    put_varint(chunk, static_cast<std::uint64_t>(columns.counts[row]));
    for (const auto& column : columns.values) put_zigzag(chunk, column[row]);
    before.replace(shared, before.size(), key.substr(shared));
  }
  frame.end();
}

void RunReader::read(std::string_view chunk) {
  Decoder bytes(chunk);
  if (!begun_) {
    const RunHead head = head_of(bytes);
    if (head.value_columns != into_.values.size()) throw CorruptError("a run has other values than the job");
    pane_ = head.pane;
    rows_ = head.rows;
    values_.resize(into_.values.size());
    into_.unique = false;
    begun_ = true;
  }
  std::string key;
  while (!bytes.empty()) {
    const std::uint64_t shared = bytes.varint();
    if (shared > key.size()) throw CorruptError("a key shares more than there is");
    key.resize(shared);
    key += bytes.text();
    const auto count = static_cast<std::int64_t>(bytes.varint());
    if (count < 0 || count > std::numeric_limits<std::int64_t>::max() - into_.count_total)
      throw CorruptError("no job has counted that much");
    for (std::int64_t& value : values_) value = bytes.zigzag();
    const Key made = make_key(key.data(), static_cast<std::uint32_t>(key.size()), seed_);
    into_.append(made, is_packed(made) ? std::string_view() : std::string_view(key), count, values_);
  }
}

Pane RunReader::finish() const {
  if (!begun_ || into_.size() != rows_) throw CorruptError("a run has more or fewer rows than it says");
  return pane_;
}

RunHead head_of_run(std::string_view first_chunk) {
  Decoder bytes(first_chunk);
  return head_of(bytes);
}

}  // namespace millrace
