// Plain C++, eight bytes a step, for machines whose instruction sets have no file here.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/simd/place_lists.h"
#include "kernels/cpu/simd/set_bits.h"
#include "kernels/cpu/simd/text_kernels.h"
#include "kernels/key.h"
#include "kernels/token.h"

namespace millrace {
namespace {

template <bool alphanumeric>
void masks_of(const char* text, std::size_t blocks, std::uint64_t* masks) {
  for (std::size_t block = 0; block < blocks; ++block) {
    std::uint64_t mask = 0;
    for (unsigned i = 0; i < kBlockBytes; i += 8)
      mask |= std::uint64_t{word_bits(load8(text + block * kBlockBytes + i), alphanumeric)} << i;
    masks[block] = mask;
  }
}

void match_masks(const char* text, std::size_t blocks, char a, char b, std::uint64_t* masks) {
  for (std::size_t block = 0; block < blocks; ++block) {
    std::uint64_t mask = 0;
    for (unsigned i = 0; i < kBlockBytes; ++i) {
      const char c = text[block * kBlockBytes + i];
      mask |= std::uint64_t{c == a || c == b} << i;
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

void fold(const char* text, std::size_t blocks, char* folded) {
  for (std::size_t i = 0; i < blocks * kBlockBytes; ++i) folded[i] = fold_case(text[i]);
}

}  // namespace

const TextKernels kScalarKernels = {
    SimdLevel::scalar, masks_of<false>, masks_of<true>, match_masks, positions, sort_by_length, fold};

}  // namespace millrace
