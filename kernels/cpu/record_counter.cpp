// Stretch by stretch: find line ends and delimiters together, then walk from one to the next.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/record_counter.h"

#include <algorithm>
#include <cstring>

namespace millrace {

RecordCounter::RecordCounter(const Plan& plan, MemoryBudget& budget)
    : plan_(plan),
      view_{plan.fields.delimiter, plan.fields.key, plan.fields.values.data(),
            static_cast<std::uint32_t>(plan.fields.values.size()), plan.fields.scale},
      columns_(value_columns(plan.measures)),
      inputs_(input_values(plan)),
      values_(BudgetAllocator<std::int64_t>(budget)),
      scratch_(BudgetAllocator<Scratch>(budget)) {
  scratch_.emplace_back(text_kernels());
}

void RecordCounter::count(const Batch& batch, PaneTable& table, BudgetVector<Reject>& rejects) {
  const Target to{reinterpret_cast<const char*>(batch.bytes.data()), table, rejects};
  if (batch.ends.empty()) return count_lines(static_cast<std::uint32_t>(batch.bytes.size()), to);
  count_messages(batch.ends, to);
}

void RecordCounter::count_lines(std::uint32_t size, const Target& to) {
  for (std::uint32_t begin = 0; begin < size;) begin = count_stretch_of_lines(begin, size, to);
}

// Counts the lines that end in the stretch from `begin`, and returns where the next one begins.
std::uint32_t RecordCounter::count_stretch_of_lines(std::uint32_t begin, std::uint32_t size, const Target& to) {
  const auto length = static_cast<std::uint32_t>(std::min<std::size_t>(size - begin, kStretchBytes));
  const char* text = to.text + begin;
  const char delimiter = plan_.keyed_by == KeyedBy::record ? '\n' : view_.delimiter;
  const Places marks = scratch_[0].scan.matches(text, length, '\n', delimiter);
  scratch_[0].keys.begin(text);
  stretch_ = begin;

  std::uint32_t line = 0;
  std::size_t first = 0;  // of the line's marks
  for (std::size_t i = 0; i < marks.size(); ++i) {
    if (text[marks[i]] != '\n') continue;
    count_line(Token{begin + line, marks[i] - line}, marks.subspan(first, i - first), to);
    line = std::uint32_t{marks[i]} + 1;
    first = i + 1;
  }
  const bool is_last = begin + length == size;
  if (is_last && line < length) {
    count_line(Token{begin + line, length - line}, marks.subspan(first), to);
    line = length;
  }
  flush(to);
  if (line > 0) return begin + line;

  const void* newline = std::memchr(text + length, '\n', size - begin - length);
  const std::uint32_t end =
      newline == nullptr ? size : static_cast<std::uint32_t>(static_cast<const char*>(newline) - to.text);
  count_long_record(without_carriage_return(to.text, Token{begin, end - begin}), to);
  return end + 1;
}

// The carriage return that a line loses may be a delimiter.
void RecordCounter::count_line(Token line, Places delimiters, const Target& to) {
  const Token record = without_carriage_return(to.text, line);
  const bool lost_one = record.length < line.length && view_.delimiter == '\r' && !delimiters.empty();
  count_record(record, delimiters.first(delimiters.size() - (lost_one ? 1 : 0)), to);
}

void RecordCounter::count_messages(std::span<const std::uint32_t> ends, const Target& to) {
  std::uint32_t begin = 0;
  while (!ends.empty()) {
    std::size_t counted = count_stretch_of_messages(ends, begin, ends.back(), to);
    if (counted == 0) {
      count_long_record(Token{begin, ends.front() - begin}, to);
      counted = 1;
    }
    begin = ends[counted - 1];
    ends = ends.subspan(counted);
  }
}

// Counts those messages that together fit a stretch, and returns how many they are.
std::size_t RecordCounter::count_stretch_of_messages(std::span<const std::uint32_t> ends, std::uint32_t begin,
                                                     std::uint32_t size, const Target& to) {
  const auto length = static_cast<std::uint32_t>(std::min<std::size_t>(size - begin, kStretchBytes));
  const char* text = to.text + begin;
  const Places marks = scratch_[0].scan.matches(text, length, view_.delimiter, view_.delimiter);
  scratch_[0].keys.begin(text);
  stretch_ = begin;

  std::uint32_t message = 0;
  auto mark = marks.begin();
  std::size_t i = 0;
  for (; i < ends.size() && ends[i] - begin <= length; ++i) {
    const std::uint32_t end = ends[i] - begin;
    const auto first = mark;
    while (mark != marks.end() && *mark < end) ++mark;
    count_record(Token{begin + message, end - message}, Places(first, mark), to);
    message = end;
  }
  flush(to);
  return i;
}

void RecordCounter::count_record(Token record, Places delimiters, const Target& to) {
  switch (plan_.keyed_by) {
    case KeyedBy::record: return add(record, to);
    case KeyedBy::fields: return count_fields(record, delimiters, to);
    case KeyedBy::split:
    case KeyedBy::words:  // these two never come here: see batch_counter.cpp
    case KeyedBy::rows: break;
  }
  std::uint32_t piece = record.offset;
  for (const std::uint16_t place : delimiters) {
    const std::uint32_t end = stretch_ + place;
    add(Token{piece, end - piece}, to);
    piece = end + 1;
  }
  add(Token{piece, record.offset + record.length - piece}, to);
}

void RecordCounter::count_fields(Token record, Places delimiters, const Target& to) {
  const auto find = [&](std::uint32_t index) {
    if (index > delimiters.size()) return Field{};
    const std::uint32_t begin = index == 0 ? record.offset : stretch_ + delimiters[index - 1] + 1;
    const std::uint32_t end =
        index == delimiters.size() ? record.offset + record.length : stretch_ + delimiters[index];
    return Field{Token{begin, end - begin}, true};
  };
  const RecordFields fields = read_fields(to.text, find, view_, inputs_.data());
  if (!fields.counted) return to.rejects.push_back({record, fields.reason});
  add(fields.key, to);
}

// One that no list of places can hold.
void RecordCounter::count_long_record(Token record, const Target& to) {
  const auto add_one = [&](Token key) {
    values_.clear();
    append_values();
    to.table.add(to.text + key.offset, key.length, values_.data());
    values_.clear();
  };
  if (plan_.keyed_by == KeyedBy::record) return add_one(record);
  if (plan_.keyed_by == KeyedBy::fields) {
    const RecordFields fields = read_fields(to.text, record, view_, inputs_.data());
    if (!fields.counted) return to.rejects.push_back({record, fields.reason});
    return add_one(fields.key);
  }
  const std::uint32_t end = record.offset + record.length;
  for (std::uint32_t begin = record.offset; begin <= end;) {
    const Token piece = next_piece(to.text, begin, end, view_.delimiter);
    add_one(piece);
    begin = piece.offset + piece.length + 1;
  }
}

void RecordCounter::add(Token key, const Target& to) {
  KeyList& keys = scratch_[0].keys;
  if (keys.is_full()) flush(to);
  keys.add(key.offset - stretch_, key.offset + key.length - stretch_);
  append_values();
}

void RecordCounter::append_values() {
  for (const ValueColumn& column : columns_) values_.push_back(inputs_[column.value]);
}

void RecordCounter::flush(const Target& to) {
  scratch_[0].keys.flush(to.table, values_);
  values_.clear();
}

}  // namespace millrace
