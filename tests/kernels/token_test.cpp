// Words: separators, rules, and the scan of whole blocks against the byte-wise one.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/token.h"

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cpu/simd/text_scan.h"
#include "kernels/cuda/device/token_text.h"
#include "tests/support/property.h"

namespace millrace::token_test {
namespace {

char byte(int value) {
  return static_cast<char>(static_cast<unsigned char>(value));
}

TEST(Token, SeparatorsAreTheSixWhiteSpaceBytes) {
  for (int value = 0; value < 256; ++value)
    EXPECT_EQ(is_separator(byte(value)),
              value != 0 && std::string_view(" \t\n\v\f\r").find(byte(value)) != std::string_view::npos)
        << value;
}

TEST(Token, AlphanumericBytesAreAsciiOnesAndThoseOfUtf8) {
  for (int value = 0; value < 256; ++value)
    EXPECT_EQ(is_alphanumeric(byte(value)), value >= 0x80 || std::isalnum(value) != 0) << value;
}

TEST(Token, CaseIsFoldedForAsciiLettersOnly) {
  for (int value = 0; value < 256; ++value) {
    const int folded = value >= 'A' && value <= 'Z' ? value + 32 : value;
    EXPECT_EQ(fold_case(byte(value)), byte(folded)) << value;
    for (unsigned lane = 0; lane < 8; ++lane) {
      // Neighbours that would show a carry from one byte into the next.
      const std::uint64_t others = 0xffffffffffffffff & ~(std::uint64_t{0xff} << (8 * lane));
      const std::uint64_t word = others | static_cast<std::uint64_t>(value) << (8 * lane);
      EXPECT_EQ(fold_case(word), others | static_cast<std::uint64_t>(folded) << (8 * lane)) << value;
    }
  }
}

/// Calls with every pair of bytes side by side at every place among eight, the others 0, ' ', 'a' or 0xff.
template <class Visit>
void for_each_neighbours(Visit visit) {
  for (const std::uint64_t filler : {0x0UL, 0x2020202020202020UL, 0x6161616161616161UL, ~0x0UL})
    for (unsigned lane = 0; lane < 7; ++lane)
      for (std::uint64_t pair = 0; pair < 0x10000; ++pair)
        visit((filler & ~(std::uint64_t{0xffff} << (8 * lane))) | pair << (8 * lane));
}

// What one byte is must not depend on its neighbours: no carry goes from byte to byte.
TEST(Token, WordBitsAreThoseOfEachByte) {
  for (const bool alphanumeric : {false, true})
    for_each_neighbours([&](std::uint64_t bytes) {
      std::uint32_t expected = 0;
      for (unsigned i = 0; i < 8; ++i)
        expected |= is_word_byte(byte(static_cast<int>(bytes >> (8 * i) & 0xff)), alphanumeric) ? 1U << i : 0;
      ASSERT_EQ(word_bits(bytes, alphanumeric), expected) << std::hex << bytes;
    });
}

TEST(Token, EqualBitsAreThoseOfEachByte) {
  for (const char wanted : {'\n', '\0', '\x7f', '\x80', '\xff'})
    for_each_neighbours([&](std::uint64_t bytes) {
      std::uint32_t expected = 0;
      for (unsigned i = 0; i < 8; ++i)
        expected |= byte(static_cast<int>(bytes >> (8 * i) & 0xff)) == wanted ? 1U << i : 0;
      ASSERT_EQ(cuda::equal_bits(bytes, wanted), expected) << std::hex << bytes;
    });
}

std::vector<Token> words_by_bytes(std::string_view text, std::uint32_t begin, std::uint32_t end,
                                  bool alphanumeric) {
  std::vector<Token> words;
  for (Token word = next_token(text.data(), begin, end, alphanumeric); word.length > 0;
       word = next_token(text.data(), word.offset + word.length, end, alphanumeric))
    words.push_back(word);
  return words;
}

std::vector<Token> words_by_blocks(const TextKernels& kernels, std::string text, std::uint32_t begin,
                                   std::uint32_t end, bool alphanumeric) {
  text.append(kSlackBytes, 'x');  // what lies behind the end must not matter
  const std::size_t size = end - begin;
  std::vector<std::uint16_t> edges(size + 1 + kPositionSlack);
  TextScan scan(kernels);
  std::size_t found = scan.word_edges(text.data() + begin, size, alphanumeric, edges.data());
  if (found % 2 != 0) edges[found++] = static_cast<std::uint16_t>(size);  // an open word
  std::vector<Token> words;
  for (std::size_t i = 0; i < found; i += 2)
    words.push_back({begin + edges[i], std::uint32_t{edges[i + 1]} - edges[i]});
  return words;
}

TEST(Token, WordsAreFoundAtEveryPlaceOfABlock) {
  for (std::uint32_t offset = 0; offset < 140; ++offset) {
    for (const std::uint32_t length : {1U, 2U, 7U, 63U, 64U, 65U, 130U}) {
      const std::string text = std::string(offset, ' ') + std::string(length, 'w') + " ";
      const auto size = static_cast<std::uint32_t>(text.size());
      const std::vector<Token> expected = {Token{offset, length}};
      EXPECT_EQ(words_by_bytes(text, 0, size, false), expected);
      for (const TextKernels* kernels : runnable_kernels()) {
        EXPECT_EQ(words_by_blocks(*kernels, text, 0, size, false), expected);
        EXPECT_EQ(words_by_blocks(*kernels, text, 0, size - 1, false), expected) << "a word that ends the text";
      }
    }
  }
}

TEST(Token, BlocksAndBytesFindTheSameWords) {
  check_property(2000, [](bool alphanumeric) {
    const auto text = *rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::element(' ', '\n', '\t', '\r', '\0', 'a', 'Z', '-', '\x80', '\xff'),
                       rc::gen::arbitrary<char>()));
    const auto size = static_cast<std::uint32_t>(text.size());
    const auto begin = *rc::gen::inRange<std::uint32_t>(0, size + 1);
    const auto end = *rc::gen::inRange<std::uint32_t>(begin, size + 1);
    for (const TextKernels* kernels : runnable_kernels())
      RC_ASSERT(words_by_blocks(*kernels, text, begin, end, alphanumeric) ==
                words_by_bytes(text, begin, end, alphanumeric));
  });
}

}  // namespace
}  // namespace millrace::token_test
