// AVX2: x86-64 since about 2013.
// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include <array>
#include <bit>

#include "kernels/cpu/simd/set_bits.h"
#include "kernels/cpu/simd/text_kernels.h"

// Only functions that bear this may use the instructions: the rest of the program runs everywhere.
#define MILLRACE_TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))

namespace millrace {
namespace {

constexpr std::size_t kStep = 32;

MILLRACE_TARGET __m256i load(const char* text) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
}

/// Bytes in [first, last], compared without a sign.
MILLRACE_TARGET __m256i in_range(__m256i bytes, char first, char last) {
  const __m256i from_first = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first));
  const __m256i width = _mm256_set1_epi8(static_cast<char>(last - first));
  return _mm256_cmpeq_epi8(_mm256_min_epu8(from_first, width), from_first);
}

MILLRACE_TARGET std::uint64_t bits_of(__m256i low, __m256i high) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
         std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(high))} << kStep;
}

// The six separators differ in their low four bits: a table gives the one that a byte may be.
MILLRACE_TARGET __m256i separators(__m256i bytes) {
  const __m256i by_low_bits = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', '\v', '\f', '\r', 0, 0));
  return _mm256_cmpeq_epi8(bytes, _mm256_shuffle_epi8(by_low_bits, bytes));
}

MILLRACE_TARGET void word_masks(const char* text, std::size_t blocks, std::uint64_t* masks) {
  for (std::size_t block = 0; block < blocks; ++block, text += kBlockBytes)
    masks[block] = ~bits_of(separators(load(text)), separators(load(text + kStep)));
}

// The top bit of a byte is its flag already where it is not ASCII.
MILLRACE_TARGET __m256i alphanumeric(__m256i bytes) {
  const __m256i letters = in_range(_mm256_or_si256(bytes, _mm256_set1_epi8(0x20)), 'a', 'z');
  return _mm256_or_si256(_mm256_or_si256(bytes, letters), in_range(bytes, '0', '9'));
}

MILLRACE_TARGET void alphanumeric_masks(const char* text, std::size_t blocks, std::uint64_t* masks) {
  for (std::size_t block = 0; block < blocks; ++block, text += kBlockBytes)
    masks[block] = bits_of(alphanumeric(load(text)), alphanumeric(load(text + kStep)));
}

MILLRACE_TARGET __m256i either(__m256i bytes, char a, char b) {
  return _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(a)),
                         _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b)));
}

MILLRACE_TARGET void match_masks(const char* text, std::size_t blocks, char a, char b, std::uint64_t* masks) {
  for (std::size_t block = 0; block < blocks; ++block, text += kBlockBytes)
    masks[block] = bits_of(either(load(text), a, b), either(load(text + kStep), a, b));
}

MILLRACE_TARGET std::size_t positions(const std::uint64_t* masks, std::size_t blocks, std::uint16_t* at) {
  return write_set_bits(masks, blocks, at);
}

/// For each choice of eight lanes, those that are chosen, moved together.
constexpr std::array<std::array<std::uint8_t, 8>, 256> kChosenLanes = [] {
  std::array<std::array<std::uint8_t, 8>, 256> table{};
  for (std::size_t chosen = 0; chosen < table.size(); ++chosen)
    for (std::size_t lane = 0, to = 0; lane < 8; ++lane)
      if ((chosen >> lane & 1) != 0) table[chosen][to++] = static_cast<std::uint8_t>(lane);
  return table;
}();

MILLRACE_TARGET Place* append(__m256i places, std::uint32_t chosen, Place* to) {
  const __m128i lanes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(kChosenLanes[chosen].data()));
  const __m256i together = _mm256_permutevar8x32_epi32(places, _mm256_cvtepu8_epi32(lanes));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), together);
  return to + std::popcount(chosen);
}

MILLRACE_TARGET std::uint32_t longer_than(__m256i lengths, std::uint32_t length) {
  const __m256i longer = _mm256_cmpgt_epi32(lengths, _mm256_set1_epi32(static_cast<int>(length)));
  return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(longer)));
}

MILLRACE_TARGET PlaceLists sort_by_length(const std::uint16_t* edges, std::size_t keys, PlaceLists to) {
  constexpr std::size_t kLanes = 8;
  for (std::size_t i = 0; i < keys; i += kLanes) {
    const std::uint32_t there = keys - i >= kLanes ? 0xff : (1U << (keys - i)) - 1;
    const __m256i pairs = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(edges + 2 * i));
    const __m256i begin = _mm256_and_si256(pairs, _mm256_set1_epi32(0xffff));
    const __m256i length = _mm256_sub_epi32(_mm256_srli_epi32(pairs, 16), begin);
    const __m256i places = _mm256_or_si256(begin, _mm256_slli_epi32(length, 16));
    const std::uint32_t beyond_short = longer_than(length, kShortKeyMax) & there;
    const std::uint32_t beyond_medium = longer_than(length, kMediumKeyMax) & there;
    to.short_end = append(places, there & ~beyond_short, to.short_end);
    to.medium_end = append(places, beyond_short & ~beyond_medium, to.medium_end);
    to.long_end = append(places, beyond_medium, to.long_end);
  }
  return to;
}

MILLRACE_TARGET void fold_case(const char* text, std::size_t blocks, char* folded) {
  for (std::size_t at = 0; at < blocks * kBlockBytes; at += kStep) {
    const __m256i bytes = load(text + at);
    const __m256i to_lower = _mm256_and_si256(in_range(bytes, 'A', 'Z'), _mm256_set1_epi8(0x20));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(folded + at), _mm256_or_si256(bytes, to_lower));
  }
}

}  // namespace

extern const TextKernels kAvx2Kernels = {SimdLevel::avx2, word_masks,     alphanumeric_masks, match_masks,
                                         positions,       sort_by_length, fold_case};

}  // namespace millrace
