// Finds words 64 bytes at a time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "kernels/key.h"
#include "kernels/token.h"

namespace millrace {

/// Bit i tells whether block[i] is a word byte. The loop has a fixed length, so that compilers make vector
/// instructions of it; the multiplication gathers eight flags into one byte.
inline std::uint64_t word_mask(const char* block, bool alphanumeric) {
  std::array<char, 64> is_word;
  if (alphanumeric) {
    for (std::size_t i = 0; i < 64; ++i) is_word[i] = is_alphanumeric(block[i]);
  } else {
    for (std::size_t i = 0; i < 64; ++i) is_word[i] = !is_separator(block[i]);
  }
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < 8; ++i)
    mask |= load8(is_word.data() + 8 * i) * 0x0102040810204080 >> 56 << (8 * i);
  return mask;
}

/// Calls visit(Token) for every word of text[begin, end), as next_token finds them.
/// REQUIRES: kSlackBytes may be read past `end`.
template <class Visit>
void for_each_word(const char* text, std::uint32_t begin, std::uint32_t end, bool alphanumeric, Visit visit) {
  std::uint32_t word = begin;  // where the open word began
  std::uint64_t before = 0;    // 1: the byte before the block belongs to a word
  const auto take = [](std::uint64_t& bits) {
    const auto at = static_cast<std::uint32_t>(std::countr_zero(bits));
    bits &= bits - 1;
    return at;
  };
  for (std::uint32_t block = begin; block < end; block += 64) {
    std::uint64_t words = word_mask(text + block, alphanumeric);
    if (end - block < 64) words &= (std::uint64_t{1} << (end - block)) - 1;
    const std::uint64_t shifted = words << 1 | before;
    std::uint64_t starts = words & ~shifted;
    std::uint64_t stops = ~words & shifted;
    if (before == 0 && starts != 0) word = block + take(starts);
    while (stops != 0) {
      visit(Token{word, block + take(stops) - word});
      if (starts != 0) word = block + take(starts);
    }
    before = words >> 63;
  }
  if (before != 0) visit(Token{word, end - word});
}

}  // namespace millrace
