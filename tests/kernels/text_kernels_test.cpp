// Every instruction set that this machine has, against one byte at a time.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/simd/text_kernels.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/token.h"
#include "tests/support/property.h"

namespace millrace::text_kernels_test {
namespace {

class Kernels : public ::testing::TestWithParam<const TextKernels*> {
 protected:
  const TextKernels& kernels() const { return *GetParam(); }
};

/// Whole blocks that hold every byte value at every place of a block.
std::string all_bytes_at_all_places() {
  std::string text;
  for (std::size_t shift = 0; shift < kBlockBytes; ++shift) {
    for (int value = 0; value < 256; ++value) text += static_cast<char>(value);
    text += 'x';  // the next 256 are moved by one
  }
  text.resize((text.size() / kBlockBytes + 1) * kBlockBytes, ' ');
  return text;
}

template <class Find, class Expect>
void expect_masks(Find find, Expect expect) {
  const std::string text = all_bytes_at_all_places();
  constexpr std::uint64_t kUntouched = 0x5a5a;
  const std::size_t blocks = text.size() / kBlockBytes;
  std::vector<std::uint64_t> masks(blocks + 1, kUntouched);
  find(text.data(), blocks, masks.data());
  EXPECT_EQ(masks.back(), kUntouched);
  for (std::size_t i = 0; i < text.size(); ++i)
    ASSERT_EQ((masks[i / kBlockBytes] >> (i % kBlockBytes) & 1) != 0, expect(text[i])) << "at " << i;
}

TEST_P(Kernels, WordMasks) {
  expect_masks(kernels().word_masks, [](char c) { return is_word_byte(c, false); });
}

TEST_P(Kernels, AlphanumericMasks) {
  expect_masks(kernels().alphanumeric_masks, [](char c) { return is_word_byte(c, true); });
}

TEST_P(Kernels, MatchMasks) {
  for (const auto& [a, b] : {std::pair('\n', ','), std::pair('\0', '\xff'), std::pair('x', 'x')})
    expect_masks([&, a = a, b = b](const char* text, std::size_t blocks,
                                   std::uint64_t* masks) { kernels().match_masks(text, blocks, a, b, masks); },
                 [a = a, b = b](char c) { return c == a || c == b; });
}

TEST_P(Kernels, FoldCase) {
  const std::string text = all_bytes_at_all_places();
  std::string folded(text.size() + 1, '~');
  kernels().fold_case(text.data(), text.size() / kBlockBytes, folded.data());
  EXPECT_EQ(folded.back(), '~') << "untouched";
  for (std::size_t i = 0; i < text.size(); ++i) ASSERT_EQ(folded[i], fold_case(text[i])) << "at " << i;
}

/// Masks of several densities, the extremes among them.
std::vector<std::uint64_t> any_masks() {
  const auto mask = rc::gen::oneOf(
      rc::gen::arbitrary<std::uint64_t>(), rc::gen::element<std::uint64_t>(0, ~0ULL, 1, 1ULL << 63),
      rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t x) { return x | x >> 1; }));
  const auto blocks = *rc::gen::inRange<std::size_t>(0, 40);
  return *rc::gen::container<std::vector<std::uint64_t>>(blocks, mask);
}

TEST_P(Kernels, Positions) {
  check_property(1000, [this] {
    const std::vector<std::uint64_t> masks = any_masks();
    std::vector<std::uint16_t> expected;
    for (std::size_t i = 0; i < 64 * masks.size(); ++i)
      if ((masks[i / 64] >> (i % 64) & 1) != 0) expected.push_back(static_cast<std::uint16_t>(i));
    std::vector<std::uint16_t> found(expected.size() + kPositionSlack);
    const std::size_t size = kernels().positions(masks.data(), masks.size(), found.data());
    found.resize(size);
    RC_ASSERT(found == expected);
  });
}

TEST_P(Kernels, TheLastPositionsOfAStretch) {
  const std::vector<std::uint64_t> masks(1024, ~0ULL);
  std::vector<std::uint16_t> found(64 * masks.size() + kPositionSlack);
  ASSERT_EQ(kernels().positions(masks.data(), masks.size(), found.data()), 64 * masks.size());
  for (std::size_t i = 0; i < 64 * masks.size(); ++i) ASSERT_EQ(found[i], i);
}

TEST_P(Kernels, SortByLength) {
  check_property(1000, [this] {
    const auto lengths =
        *rc::gen::container<std::vector<std::uint16_t>>(rc::gen::inRange<std::uint16_t>(0, 40));
    std::vector<std::uint16_t> edges;
    std::vector<Place> expected[3];
    std::uint16_t at = 0;
    for (const std::uint16_t length : lengths) {
      edges.insert(edges.end(), {at, static_cast<std::uint16_t>(at + length)});
      expected[length <= 7 ? 0 : length <= 15 ? 1 : 2].push_back(at | std::uint32_t{length} << 16);
      at = static_cast<std::uint16_t>(at + length + 1);
    }
    edges.resize(edges.size() + kPositionSlack);
    std::vector<Place> lists[3];
    for (auto& list : lists) list.resize(lengths.size() + kPlaceSlack);
    const PlaceLists end = kernels().sort_by_length(edges.data(), lengths.size(),
                                                    {lists[0].data(), lists[1].data(), lists[2].data()});
    const Place* const ends[] = {end.short_end, end.medium_end, end.long_end};
    for (int i = 0; i < 3; ++i) {
      lists[i].resize(static_cast<std::size_t>(ends[i] - lists[i].data()));
      RC_ASSERT(lists[i] == expected[i]);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Levels, Kernels,
                         ::testing::ValuesIn(runnable_kernels().begin(), runnable_kernels().end()),
                         [](const auto& level) { return std::string(to_string(level.param->level)); });

TEST(TextKernels, ThereIsAlwaysAPlainOne) {
  EXPECT_EQ(runnable_kernels().back()->level, SimdLevel::scalar);
  EXPECT_TRUE(std::ranges::count(runnable_kernels(), &text_kernels()) == 1);
}

}  // namespace
}  // namespace millrace::text_kernels_test
