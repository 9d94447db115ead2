// SSE2: what every x86-64 has.
// SPDX-License-Identifier: Apache-2.0
#include <emmintrin.h>

#include "kernels/cpu/simd/place_lists.h"
#include "kernels/cpu/simd/set_bits.h"
#include "kernels/cpu/simd/text_kernels.h"

namespace millrace {
namespace {

constexpr std::size_t kStep = 16;

__m128i load(const char* text) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
}

/// Bytes in [first, last], compared without a sign.
__m128i in_range(__m128i bytes, char first, char last) {
  const __m128i from_first = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
  const __m128i width = _mm_set1_epi8(static_cast<char>(last - first));
  return _mm_cmpeq_epi8(_mm_min_epu8(from_first, width), from_first);
}

std::uint64_t bits_of(__m128i flags) {
  return static_cast<std::uint16_t>(_mm_movemask_epi8(flags));
}

void word_masks(const char* text, std::size_t blocks, std::uint64_t* masks) {
  for (std::size_t block = 0; block < blocks; ++block, text += kBlockBytes) {
    std::uint64_t separators = 0;
    for (std::size_t at = 0; at < kBlockBytes; at += kStep) {
      const __m128i bytes = load(text + at);
      const __m128i flags =
          _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')), in_range(bytes, '\t', '\r'));
      separators |= bits_of(flags) << at;
    }
    masks[block] = ~separators;
  }
}

void alphanumeric_masks(const char* text, std::size_t blocks, std::uint64_t* masks) {
  for (std::size_t block = 0; block < blocks; ++block, text += kBlockBytes) {
    std::uint64_t mask = 0;
    for (std::size_t at = 0; at < kBlockBytes; at += kStep) {
      const __m128i bytes = load(text + at);
      const __m128i letters = in_range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
      // The top bit of a byte is its flag already where it is not ASCII.
      mask |= bits_of(_mm_or_si128(_mm_or_si128(bytes, letters), in_range(bytes, '0', '9'))) << at;
    }
    masks[block] = mask;
  }
}

void match_masks(const char* text, std::size_t blocks, char a, char b, std::uint64_t* masks) {
  for (std::size_t block = 0; block < blocks; ++block, text += kBlockBytes) {
    std::uint64_t mask = 0;
    for (std::size_t at = 0; at < kBlockBytes; at += kStep) {
      const __m128i bytes = load(text + at);
      const __m128i flags =
          _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(a)), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b)));
      mask |= bits_of(flags) << at;
    }
    masks[block] = mask;
  }
}

std::size_t positions(const std::uint64_t* masks, std::size_t blocks, std::uint16_t* at) {
  return write_set_bits(masks, blocks, at);
}

PlaceLists sort_by_length(const std::uint16_t* edges, std::size_t keys, PlaceLists to) {
  return append_places(edges, keys, to);
}

void fold_case(const char* text, std::size_t blocks, char* folded) {
  for (std::size_t at = 0; at < blocks * kBlockBytes; at += kStep) {
    const __m128i bytes = load(text + at);
    const __m128i to_lower = _mm_and_si128(in_range(bytes, 'A', 'Z'), _mm_set1_epi8(0x20));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(folded + at), _mm_or_si128(bytes, to_lower));
  }
}

}  // namespace

extern const TextKernels kSse2Kernels = {SimdLevel::sse2, word_masks,     alphanumeric_masks, match_masks,
                                         positions,       sort_by_length, fold_case};

}  // namespace millrace
