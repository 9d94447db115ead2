// Words that somebody who knew the seed of a table would choose to make it slow.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/cpu/table/slots.h"

namespace millrace {

/// Different words of seven bytes whose hashes in a table with that seed begin with the same `bits` bits: by
/// trial, 2^bits for each.
inline std::vector<std::string> crafted_words(const SpreadSeed& seed, std::size_t count, unsigned bits) {
  std::vector<std::string> words;
  for (std::uint64_t number = 0; words.size() < count; ++number) {
    std::string word(8, 'a');
    for (unsigned i = 0; i < 7; ++i) word[i] = static_cast<char>('@' + (number >> (6 * i) & 63));
    if (ShortSlot::hash(ShortSlot::make(word.data(), 7), seed) >> (64 - bits) != 0) continue;
    word.pop_back();
    words.push_back(word);
  }
  return words;
}

}  // namespace millrace
