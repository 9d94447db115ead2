// Masks of whole blocks, then the places of their bits.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/simd/text_scan.h"

namespace millrace {
namespace {

std::size_t blocks_of(std::size_t size) {
  return (size + kBlockBytes - 1) / kBlockBytes;
}

/// The last block reaches past the text: its bits do not count there.
void cut_off(std::uint64_t* masks, std::size_t size) {
  const std::size_t rest = size % kBlockBytes;
  if (rest != 0) masks[size / kBlockBytes] &= (std::uint64_t{1} << rest) - 1;
}

}  // namespace

std::size_t TextScan::word_edges(const char* text, std::size_t size, bool alphanumeric, std::uint16_t* edges) {
  const std::size_t blocks = blocks_of(size);
  (alphanumeric ? kernels_.alphanumeric_masks : kernels_.word_masks)(text, blocks, masks_.data());
  cut_off(masks_.data(), size);
  // An edge is where a byte is of another kind than the one before it.
  std::uint64_t before = 0;
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::uint64_t words = masks_[block];
    masks_[block] = words ^ (words << 1 | before);
    before = words >> 63;
  }
  // A word up to the end is open: what was cut off behind it is no edge.
  cut_off(masks_.data(), size);
  return kernels_.positions(masks_.data(), blocks, edges);
}

std::span<const std::uint16_t> TextScan::matches(const char* text, std::size_t size, char a, char b) {
  const std::size_t blocks = blocks_of(size);
  kernels_.match_masks(text, blocks, a, b, masks_.data());
  cut_off(masks_.data(), size);
  return {places_.data(), kernels_.positions(masks_.data(), blocks, places_.data())};
}

}  // namespace millrace
