// One function for each way in which a plan finds keys.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/batch_counter.h"

#include <algorithm>
#include <cstring>

#include "kernels/cpu/word_scan.h"
#include "kernels/field.h"
#include "kernels/record.h"

namespace millrace {
namespace {

const char* text_of(const Batch& batch) {
  return reinterpret_cast<const char*>(batch.bytes.data());
}

std::uint32_t size_of(const Batch& batch) {
  return static_cast<std::uint32_t>(batch.bytes.size());
}

/// Calls visit(record) for each record without its end: a newline, with a carriage return before it.
template <class Visit>
void for_each_record(const Batch& batch, Visit visit) {
  const char* text = text_of(batch);
  const std::uint32_t size = size_of(batch);
  std::uint32_t begin = 0;
  if (!batch.ends.empty()) {
    for (const std::uint32_t end : batch.ends) {
      visit(Token{begin, end - begin});
      begin = end;
    }
    return;
  }
  while (begin < size) {
    const void* newline = std::memchr(text + begin, '\n', size - begin);
    const auto end =
        newline == nullptr ? size : static_cast<std::uint32_t>(static_cast<const char*>(newline) - text);
    visit(without_carriage_return(text, Token{begin, end - begin}));
    begin = end + 1;
  }
}

}  // namespace

BatchCounter::BatchCounter(const Plan& plan, MemoryBudget& budget)
    : plan_(plan),
      columns_(value_columns(plan.measures)),
      inputs_(input_values(plan)),
      column_values_(columns_.size()),
      folded_(BudgetAllocator<char>(budget)) {}

void BatchCounter::count(const Batch& batch, PaneTable& table, BudgetVector<Reject>& rejects) {
  if (batch.has_rows) return count_rows(batch, table);
  const char* text = text_of(batch);
  switch (plan_.keyed_by) {
    case KeyedBy::words: return count_words(batch, table);
    case KeyedBy::split:
      return for_each_record(batch, [&](Token record) { count_pieces(text, record, table); });
    case KeyedBy::fields:
      return for_each_record(batch, [&](Token record) { count_fields(text, record, table, rejects); });
    case KeyedBy::record: return for_each_record(batch, [&](Token record) { add(table, text, record); });
    case KeyedBy::rows: check(false, "batches of a rows job have rows");
  }
}

void BatchCounter::count_words(const Batch& batch, PaneTable& table) {
  if (batch.ends.empty()) return count_words(text_of(batch), Token{0, size_of(batch)}, table);
  std::uint32_t begin = 0;
  for (const std::uint32_t end : batch.ends) {
    count_words(text_of(batch), Token{begin, end - begin}, table);
    begin = end;
  }
}

void BatchCounter::count_words(const char* text, Token part, PaneTable& table) {
  const std::uint32_t end = part.offset + part.length;
  const bool alphanumeric = plan_.words.alphanumeric;
  if (plan_.words.fold_case) {
    for_each_word(text, part.offset, end, alphanumeric,
                  [&](Token word) { add_folded(text + word.offset, word.length, table); });
  } else {
    for_each_word(text, part.offset, end, alphanumeric,
                  [&](Token word) { table.add(text + word.offset, word.length, nullptr); });
  }
}

void BatchCounter::count_pieces(const char* text, Token record, PaneTable& table) {
  const std::uint32_t end = record.offset + record.length;
  Token piece = next_piece(text, record.offset, end, plan_.fields.delimiter);
  add(table, text, piece);
  while (piece.offset + piece.length < end) {
    piece = next_piece(text, piece.offset + piece.length + 1, end, plan_.fields.delimiter);
    add(table, text, piece);
  }
}

void BatchCounter::count_fields(const char* text, Token record, PaneTable& table,
                                BudgetVector<Reject>& rejects) {
  const FieldRule& rule = plan_.fields;
  const FieldView view{rule.delimiter, rule.key, rule.values.data(),
                       static_cast<std::uint32_t>(rule.values.size()), rule.scale};
  const RecordFields fields = read_fields(text, record, view, inputs_.data());
  if (!fields.counted) return rejects.push_back({record, fields.reason});
  add(table, text, fields.key);
}

void BatchCounter::count_rows(const Batch& batch, PaneTable& table) {
  const Rows& rows = batch.rows;
  const std::size_t n = rows.key_at.size();
  check(rows.values.size() == n * inputs_.size(), "every row has the values that the plan reads");
  for (std::size_t row = 0; row < n; ++row) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) inputs_[i] = rows.values[i * n + row];
    add(table, text_of(batch), Token{rows.key_at[row], rows.key_length[row]});
  }
}

void BatchCounter::add_folded(const char* word, std::uint32_t length, PaneTable& table) {
  // The eight bytes that the table reads are all that short words need.
  const std::size_t room = std::max<std::size_t>(length, 8);
  if (folded_.size() < room) folded_.resize(room);
  for (std::uint32_t at = 0; at + 8 <= room; at += 8) {
    const std::uint64_t bytes = fold_case(load8(word + at));
    for (unsigned i = 0; i < 8; ++i) folded_[at + i] = static_cast<char>(bytes >> (8 * i));
  }
  for (std::size_t at = room & ~std::size_t{7}; at < room; ++at) folded_[at] = fold_case(word[at]);
  table.add(folded_.data(), length, nullptr);
}

void BatchCounter::add(PaneTable& table, const char* text, Token key) {
  for (std::size_t c = 0; c < columns_.size(); ++c) column_values_[c] = inputs_[columns_[c].value];
  table.add(text + key.offset, key.length, column_values_.data());
}

}  // namespace millrace
