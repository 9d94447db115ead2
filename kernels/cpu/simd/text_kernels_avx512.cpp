// AVX-512 with VBMI2: Ice Lake and Zen 4 onwards.
// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include <array>
#include <bit>

#include "kernels/cpu/simd/text_kernels.h"

// Only functions that bear this may use the instructions: the rest of the program runs everywhere.
#define MILLRACE_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,popcnt")))

namespace millrace {
namespace {

MILLRACE_TARGET __m512i load(const char* text) {
  return _mm512_loadu_si512(text);
}

MILLRACE_TARGET std::uint64_t in_range(__m512i bytes, char first, char last) {
  const __m512i from_first = _mm512_sub_epi8(bytes, _mm512_set1_epi8(first));
  return _mm512_cmple_epu8_mask(from_first, _mm512_set1_epi8(static_cast<char>(last - first)));
}

// The six separators differ in their low four bits: a table gives the one that a byte may be.
MILLRACE_TARGET void word_masks(const char* text, std::size_t blocks, std::uint64_t* masks) {
  const __m512i by_low_bits =
      _mm512_broadcast_i32x4(_mm_setr_epi8(' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', '\v', '\f', '\r', 0, 0));
  for (std::size_t block = 0; block < blocks; ++block, text += kBlockBytes) {
    const __m512i bytes = load(text);
    masks[block] = _mm512_cmpneq_epi8_mask(bytes, _mm512_shuffle_epi8(by_low_bits, bytes));
  }
}

MILLRACE_TARGET void alphanumeric_masks(const char* text, std::size_t blocks, std::uint64_t* masks) {
  for (std::size_t block = 0; block < blocks; ++block, text += kBlockBytes) {
    const __m512i bytes = load(text);
    const __m512i lower = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
    masks[block] = in_range(lower, 'a', 'z') | in_range(bytes, '0', '9') | _mm512_movepi8_mask(bytes);
  }
}

MILLRACE_TARGET void match_masks(const char* text, std::size_t blocks, char a, char b, std::uint64_t* masks) {
  for (std::size_t block = 0; block < blocks; ++block, text += kBlockBytes) {
    const __m512i bytes = load(text);
    masks[block] =
        _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(a)) | _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b));
  }
}

constexpr std::array<char, kBlockBytes> kNumbers = [] {
  std::array<char, kBlockBytes> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<char>(i);
  return numbers;
}();

// The numbers of the set bits, moved together, widened and counted from the first block. More than 32 in one
// block are rare.
MILLRACE_TARGET std::size_t positions(const std::uint64_t* masks, std::size_t blocks, std::uint16_t* at) {
  std::uint16_t* const begin = at;
  const __m512i numbers = load(kNumbers.data());
  __m512i base = _mm512_setzero_si512();
  for (std::size_t block = 0; block < blocks; ++block) {
    const __m512i set = _mm512_maskz_compress_epi8(masks[block], numbers);
    _mm512_storeu_si512(at, _mm512_add_epi16(base, _mm512_cvtepu8_epi16(_mm512_castsi512_si256(set))));
    const int count = std::popcount(masks[block]);
    if (count > 32) [[unlikely]]
      _mm512_storeu_si512(at + 32,
                          _mm512_add_epi16(base, _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(set, 1))));
    at += count;
    base = _mm512_add_epi16(base, _mm512_set1_epi16(kBlockBytes));
  }
  return static_cast<std::size_t>(at - begin);
}

MILLRACE_TARGET Place* append(__m512i places, __mmask16 wanted, Place* to) {
  _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(wanted, places));
  return to + std::popcount(static_cast<unsigned>(wanted));
}

MILLRACE_TARGET PlaceLists sort_by_length(const std::uint16_t* edges, std::size_t keys, PlaceLists to) {
  constexpr std::size_t kStep = 16;
  for (std::size_t i = 0; i < keys; i += kStep) {
    const auto there = static_cast<__mmask16>(keys - i >= kStep ? 0xffff : (1U << (keys - i)) - 1);
    const __m512i pairs = _mm512_loadu_si512(edges + 2 * i);
    const __m512i begin = _mm512_and_si512(pairs, _mm512_set1_epi32(0xffff));
    const __m512i length = _mm512_sub_epi32(_mm512_srli_epi32(pairs, 16), begin);
    const __m512i places = _mm512_or_si512(begin, _mm512_slli_epi32(length, 16));
    const __mmask16 beyond_short = _mm512_mask_cmpgt_epu32_mask(there, length, _mm512_set1_epi32(kShortKeyMax));
    const __mmask16 beyond_medium =
        _mm512_mask_cmpgt_epu32_mask(there, length, _mm512_set1_epi32(kMediumKeyMax));
    to.short_end = append(places, static_cast<__mmask16>(there & ~beyond_short), to.short_end);
    to.medium_end = append(places, static_cast<__mmask16>(beyond_short & ~beyond_medium), to.medium_end);
    to.long_end = append(places, beyond_medium, to.long_end);
  }
  return to;
}

MILLRACE_TARGET void fold_case(const char* text, std::size_t blocks, char* folded) {
  for (std::size_t at = 0; at < blocks * kBlockBytes; at += kBlockBytes) {
    const __m512i bytes = load(text + at);
    const __m512i lower = _mm512_mask_add_epi8(bytes, in_range(bytes, 'A', 'Z'), bytes, _mm512_set1_epi8(0x20));
    _mm512_storeu_si512(folded + at, lower);
  }
}

}  // namespace

extern const TextKernels kAvx512Kernels = {SimdLevel::avx512, word_masks,     alphanumeric_masks, match_masks,
                                           positions,         sort_by_length, fold_case};

}  // namespace millrace
