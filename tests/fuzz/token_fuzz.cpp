// Words found by blocks and by bytes are the same, and leave no word byte out.
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "kernels/cpu/word_scan.h"
#include "kernels/token.h"
#include "tests/fuzz/input.h"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(data, size);
  const bool alphanumeric = input.choose(2) == 1;
  const std::uint32_t begin = input.choose(70);
  std::string text = input.rest();
  const auto end = static_cast<std::uint32_t>(text.size());
  if (begin > end) return 0;
  text.append(kSlackBytes, 'x');

  std::vector<Token> words;
  for_each_word(text.data(), begin, end, alphanumeric, [&](Token word) { words.push_back(word); });

  std::vector<bool> covered(end, false);
  std::uint32_t from = begin;
  for (const Token word : words) {
    require(word.length > 0, "words are not empty");
    require(word == next_token(text.data(), from, end, alphanumeric), "both scans find the same word");
    from = word.offset + word.length;
    for (std::uint32_t i = word.offset; i < from; ++i) covered[i] = true;
  }
  require(next_token(text.data(), from, end, alphanumeric).length == 0, "both scans end together");
  for (std::uint32_t i = begin; i < end; ++i)
    require(covered[i] == is_word_byte(text[i], alphanumeric), "words are the word bytes");
  return 0;
}
