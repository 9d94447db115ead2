// What a word is: its bytes, its case, and the next one in a text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <millrace/types.h>

#include "kernels/hd.h"

namespace millrace {

/// ASCII white space " \t\n\v\f\r". Everything else, NUL and bytes >= 0x80 too, belongs to a word.
MILLRACE_HD constexpr bool is_separator(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// ASCII letters, ASCII digits and bytes >= 0x80, so that UTF-8 words stay whole.
MILLRACE_HD constexpr bool is_alphanumeric(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const auto lower = static_cast<unsigned char>(byte | 0x20U);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || (lower >= 'a' && lower <= 'z');
}

/// The rule of WordRule::alphanumeric.
MILLRACE_HD constexpr bool is_word_byte(char c, bool alphanumeric) {
  return alphanumeric ? is_alphanumeric(c) : !is_separator(c);
}

/// ASCII letters to lower case.
MILLRACE_HD constexpr char fold_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// fold_case for eight bytes at once.
MILLRACE_HD constexpr std::uint64_t fold_case(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kTops = 0x80 * kOnes;
  const std::uint64_t low = bytes & ~kTops;
  const std::uint64_t from_a = low + (0x80 - 'A') * kOnes;
  const std::uint64_t beyond_z = low + (0x80 - 'Z' - 1) * kOnes;
  const std::uint64_t capital = from_a & ~beyond_z & ~bytes & kTops;
  return bytes + (capital >> 2);
}

/// Bit i of the result: byte i, the lowest first, is a word byte.
MILLRACE_HD constexpr std::uint32_t word_bits(std::uint64_t bytes, bool alphanumeric) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kTops = 0x80 * kOnes;
  const std::uint64_t low = bytes & ~kTops;
  // The top bit of each byte of `low + (0x80 - c) * kOnes`: the byte is at least c.
  const auto between = [](std::uint64_t seven_bits, unsigned first, unsigned last) {
    return (seven_bits + (0x80 - first) * kOnes) & ~(seven_bits + (0x7f - last) * kOnes);
  };
  std::uint64_t word = 0;
  if (alphanumeric) {
    word = bytes | between(low, '0', '9') | between(low | 0x20 * kOnes, 'a', 'z');
  } else {
    word = bytes | ~(between(low, ' ', ' ') | between(low, '\t', '\r'));
  }
  return static_cast<std::uint32_t>(((word & kTops) >> 7) * 0x0102040810204080 >> 56);
}

/// The first word that starts in text[from, end); of length 0, at `end`, if there is none.
MILLRACE_HD constexpr Token next_token(const char* text, std::uint32_t from, std::uint32_t end,
                                       bool alphanumeric) {
  while (from < end && !is_word_byte(text[from], alphanumeric)) ++from;
  std::uint32_t stop = from;
  while (stop < end && is_word_byte(text[stop], alphanumeric)) ++stop;
  return Token{from, stop - from};
}

static_assert(is_separator(' ') && is_separator('\t') && is_separator('\v') && is_separator('\r'));
static_assert(!is_separator('\0') && !is_separator('\x0e') && !is_separator('\b') && !is_separator('\x85'));
static_assert(is_alphanumeric('z') && is_alphanumeric('Z') && is_alphanumeric('9') && is_alphanumeric('\x80'));
static_assert(!is_alphanumeric('@') && !is_alphanumeric('[') && !is_alphanumeric('\0') &&
              !is_alphanumeric('_'));
static_assert(fold_case('A') == 'a' && fold_case('Z') == 'z' && fold_case('[') == '[' &&
              fold_case('\xc1') == '\xc1');
static_assert(fold_case(std::uint64_t{0x405a415b7a00c1da}) == 0x407a615b7a00c1da);
static_assert(word_bits(0x80ff000e20090d61, false) == 0b11110001);
static_assert(word_bits(0x805f5b40613a397a, true) == 0b10001011);
static_assert(next_token(" ab c", 0, 5, false) == Token{1, 2});
static_assert(next_token(" ab c", 3, 5, false) == Token{4, 1});
static_assert(next_token("it's", 2, 4, true) == Token{3, 1});
static_assert(next_token("  ", 0, 2, false) == Token{2, 0});

}  // namespace millrace
