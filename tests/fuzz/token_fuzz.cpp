// Words found by blocks and by bytes are the same, and leave no word byte out.
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "kernels/cpu/simd/text_scan.h"
#include "kernels/token.h"
#include "tests/fuzz/input.h"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(data, size);
  const bool alphanumeric = input.choose(2) == 1;
  const std::uint32_t begin = input.choose(70);
  const auto levels = runnable_kernels();
  const TextKernels& kernels = *levels[input.choose(static_cast<unsigned>(levels.size()))];
  std::string text = input.rest();
  const auto end = static_cast<std::uint32_t>(text.size());
  if (begin > end || end - begin > kStretchBytes) return 0;
  text.append(kSlackBytes, 'x');

  TextScan scan(kernels);
  std::vector<std::uint16_t> edges(end - begin + 1 + kPositionSlack);
  std::size_t found = scan.word_edges(text.data() + begin, end - begin, alphanumeric, edges.data());
  if (found % 2 != 0) edges[found++] = static_cast<std::uint16_t>(end - begin);
  std::vector<Token> words;
  for (std::size_t i = 0; i < found; i += 2)
    words.push_back({begin + edges[i], std::uint32_t{edges[i + 1]} - edges[i]});

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
