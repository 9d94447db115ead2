// Delimited fields of a record, without quoting.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <millrace/types.h>

#include "kernels/hd.h"

namespace millrace {

/// A line without the one `\r` that may come before its newline. Messages keep theirs.
MILLRACE_HD constexpr Token without_carriage_return(const char* text, Token record) {
  const bool has_one = record.length > 0 && text[record.offset + record.length - 1] == '\r';
  return Token{record.offset, has_one ? record.length - 1 : record.length};
}

/// The piece of text[from, end) before the next delimiter. The one after it starts behind that delimiter;
/// a piece that reaches `end` is the last, so that empty pieces count, trailing ones and the single piece
/// of an empty record too.
MILLRACE_HD constexpr Token next_piece(const char* text, std::uint32_t from, std::uint32_t end,
                                       char delimiter) {
  std::uint32_t stop = from;
  while (stop < end && text[stop] != delimiter) ++stop;
  return Token{from, stop - from};
}

struct Field {
  Token where;
  bool found = false;  ///< false: the record has fewer fields
};

/// The field of a record at `index`; the first is at 0.
MILLRACE_HD constexpr Field find_field(const char* text, Token record, char delimiter, std::uint32_t index) {
  const std::uint32_t end = record.offset + record.length;
  Token piece = next_piece(text, record.offset, end, delimiter);
  for (; index > 0; --index) {
    const std::uint32_t stop = piece.offset + piece.length;
    if (stop == end) return Field{};
    piece = next_piece(text, stop + 1, end, delimiter);
  }
  return Field{piece, true};
}

static_assert(without_carriage_return("a\r", Token{0, 2}) == Token{0, 1});
static_assert(without_carriage_return("a\r\r", Token{0, 3}) == Token{0, 2});
static_assert(without_carriage_return("\ra", Token{0, 2}) == Token{0, 2});
static_assert(without_carriage_return("", Token{0, 0}) == Token{0, 0});
static_assert(find_field("a,bc,", Token{0, 5}, ',', 1).where == Token{2, 2});
static_assert(find_field("a,bc,", Token{0, 5}, ',', 2).where == Token{5, 0});
static_assert(find_field("a,bc,", Token{0, 5}, ',', 2).found);
static_assert(!find_field("a,bc,", Token{0, 5}, ',', 3).found);
static_assert(find_field("", Token{0, 0}, ',', 0).found && !find_field("", Token{0, 0}, ',', 1).found);

}  // namespace millrace
