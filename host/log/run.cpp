// Of each key what it shares with the one before is left out.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/run.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "host/log/encoding.h"
#include "host/state/row_sort.h"

namespace millrace {
namespace {

constexpr std::size_t kVarintBytesMax = 10;
constexpr std::size_t kWideBytesMax = 19;

// Eight bytes at a time, the first of them the lowest.
std::size_t common_length(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t same = 0;
  for (; most - same >= 8; same += 8) {
    const std::uint64_t differing = load8(a.data() + same) ^ load8(b.data() + same);
    if (differing != 0) return same + static_cast<std::size_t>(std::countr_zero(differing)) / 8;
  }
  while (same < most && a[same] == b[same]) ++same;
  return same;
}

}  // namespace

BudgetVector<std::uint32_t> by_key(const Columns& columns, MemoryBudget& budget, WorkerPool& workers) {
  BudgetVector<std::uint32_t> rows(columns.size(), BudgetAllocator<std::uint32_t>(budget));
  std::iota(rows.begin(), rows.end(), 0U);
  BudgetVector<std::uint64_t> no_ranks(columns.size(), BudgetAllocator<std::uint64_t>(budget));
  sort_rows(rows, no_ranks, columns, budget, workers);
  return rows;
}

void put_head(std::string& out, RunWidth width, const RunHead& head) {
  put_zigzag(out, head.pane.index);
  if (width == RunWidth::narrow) put_varint(out, head.rows);
  put_varint(out, head.value_columns);
}

RunHead read_head(Decoder& bytes, RunWidth width) {
  RunHead head{.pane = {bytes.zigzag()}};
  if (width == RunWidth::narrow) head.rows = bytes.varint();
  head.value_columns = bytes.varint();
  return head;
}

void RunRows::add(std::string_view key, std::int64_t count, std::span<const Int128> values) {
  if (frame_.make_room(3 * kVarintBytesMax + values.size() * kWideBytesMax + key.size())) before_.clear();
  std::string& chunk = frame_.chunk();
  const std::size_t shared = common_length(before_, key);
  put_varint(chunk, shared);
  put_text(chunk, key.substr(shared));
  put_varint(chunk, static_cast<std::uint64_t>(count));
  for (const Int128 value : values) put_wide(chunk, value);
  before_.replace(shared, before_.size(), key.substr(shared));
}

void read_row(Decoder& bytes, RunWidth width, RunRow& row) {
  const std::uint64_t shared = bytes.varint();
  if (shared > row.key.size()) throw CorruptError("a key shares more than there is");
  row.key.resize(shared);
  row.key += bytes.text();
  row.count = static_cast<std::int64_t>(bytes.varint());
  if (row.count < 0) throw CorruptError("no job has counted that much");
  for (Int128& value : row.values) value = width == RunWidth::wide ? bytes.wide() : bytes.zigzag();
}

void write_run(FrameWriter& frame, Pane pane, const Columns& columns, std::span<const std::uint32_t> order) {
  frame.begin(Section::run);
  frame.make_room(3 * kVarintBytesMax);
  frame.chunk().reserve(std::min(kChunkBytesMax, columns.bytes()));
  put_head(frame.chunk(), RunWidth::narrow,
           {.pane = pane, .rows = order.size(), .value_columns = columns.values.size()});
  RunRows rows(frame);
  std::vector<Int128> values(columns.values.size());
  for (const std::uint32_t row : order) {
    char scratch[8];
    for (std::size_t column = 0; column < values.size(); ++column) values[column] = columns.values[column][row];
    rows.add(columns.text(row, scratch), columns.counts[row], values);
  }
  frame.end();
}

void RunReader::read(std::string_view chunk) {
  Decoder bytes(chunk);
  if (!begun_) {
    head_ = read_head(bytes, width_);
    if (head_.value_columns != into_.values.size()) throw CorruptError("a run has other values than the job");
    row_.values.resize(into_.values.size());
    into_.unique = false;
    begun_ = true;
  }
  row_.key.clear();
  while (!bytes.empty()) {
    read_row(bytes, width_, row_);
    if (row_.count > std::numeric_limits<std::int64_t>::max() - into_.count_total)
      throw CorruptError("no job has counted that much");
    const Key key = make_key(row_.key.data(), static_cast<std::uint32_t>(row_.key.size()), seed_);
    into_.append(key, is_packed(key) ? std::string_view() : std::string_view(row_.key), row_.count,
                 row_.values);
  }
}

Pane RunReader::finish() const {
  const bool all = width_ == RunWidth::wide || into_.size() == head_.rows;
  if (!begun_ || !all) throw CorruptError("a run has more or fewer rows than it says");
  return head_.pane;
}

}  // namespace millrace
