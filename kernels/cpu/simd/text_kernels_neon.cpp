// NEON: what every aarch64 has.
// SPDX-License-Identifier: Apache-2.0
#include <arm_neon.h>

#include "kernels/cpu/simd/place_lists.h"
#include "kernels/cpu/simd/set_bits.h"
#include "kernels/cpu/simd/text_kernels.h"

namespace millrace {
namespace {

uint8x16x4_t load(const char* text) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text);
  return {{vld1q_u8(bytes), vld1q_u8(bytes + 16), vld1q_u8(bytes + 32), vld1q_u8(bytes + 48)}};
}

uint8x16_t in_range(uint8x16_t bytes, char first, char last) {
  return vcleq_u8(vsubq_u8(bytes, vdupq_n_u8(static_cast<std::uint8_t>(first))),
                  vdupq_n_u8(static_cast<std::uint8_t>(last - first)));
}

// Each byte keeps the one bit of its place among eight; three pairwise additions bring them together.
std::uint64_t bits_of(uint8x16x4_t flags) {
  const uint8x16_t place = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t first = vpaddq_u8(vandq_u8(flags.val[0], place), vandq_u8(flags.val[1], place));
  const uint8x16_t second = vpaddq_u8(vandq_u8(flags.val[2], place), vandq_u8(flags.val[3], place));
  const uint8x16_t four = vpaddq_u8(first, second);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(four, four)), 0);
}

void word_masks(const char* text, std::size_t blocks, std::uint64_t* masks) {
  for (std::size_t block = 0; block < blocks; ++block, text += kBlockBytes) {
    uint8x16x4_t bytes = load(text);
    for (uint8x16_t& part : bytes.val)
      part = vorrq_u8(vceqq_u8(part, vdupq_n_u8(' ')), in_range(part, '\t', '\r'));
    masks[block] = ~bits_of(bytes);
  }
}

void alphanumeric_masks(const char* text, std::size_t blocks, std::uint64_t* masks) {
  for (std::size_t block = 0; block < blocks; ++block, text += kBlockBytes) {
    uint8x16x4_t bytes = load(text);
    for (uint8x16_t& part : bytes.val) {
      const uint8x16_t letters = in_range(vorrq_u8(part, vdupq_n_u8(0x20)), 'a', 'z');
      const uint8x16_t others = vorrq_u8(in_range(part, '0', '9'), vcgeq_u8(part, vdupq_n_u8(0x80)));
      part = vorrq_u8(letters, others);
    }
    masks[block] = bits_of(bytes);
  }
}

void match_masks(const char* text, std::size_t blocks, char a, char b, std::uint64_t* masks) {
  const uint8x16_t first = vdupq_n_u8(static_cast<std::uint8_t>(a));
  const uint8x16_t second = vdupq_n_u8(static_cast<std::uint8_t>(b));
  for (std::size_t block = 0; block < blocks; ++block, text += kBlockBytes) {
    uint8x16x4_t bytes = load(text);
    for (uint8x16_t& part : bytes.val) part = vorrq_u8(vceqq_u8(part, first), vceqq_u8(part, second));
    masks[block] = bits_of(bytes);
  }
}

std::size_t positions(const std::uint64_t* masks, std::size_t blocks, std::uint16_t* at) {
  return write_set_bits(masks, blocks, at);
}

PlaceLists sort_by_length(const std::uint16_t* edges, std::size_t keys, PlaceLists to) {
  return append_places(edges, keys, to);
}

void fold_case(const char* text, std::size_t blocks, char* folded) {
  for (std::size_t at = 0; at < blocks * kBlockBytes; at += kBlockBytes) {
    uint8x16x4_t bytes = load(text + at);
    for (uint8x16_t& part : bytes.val)
      part = vorrq_u8(part, vandq_u8(in_range(part, 'A', 'Z'), vdupq_n_u8(0x20)));
    vst1q_u8_x4(reinterpret_cast<std::uint8_t*>(folded + at), bytes);
  }
}

}  // namespace

extern const TextKernels kNeonKernels = {SimdLevel::neon, word_masks,     alphanumeric_masks, match_masks,
                                         positions,       sort_by_length, fold_case};

}  // namespace millrace
