// The text of a token on the device: loads of eight bytes at any place, and comparisons.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cuda/device_types.h"
#include "kernels/hd.h"
#include "kernels/key.h"
#include "kernels/token.h"

namespace millrace::cuda {

/// Text that begins at a multiple of eight bytes. Fifteen bytes past what is asked for may be read.
struct AlignedText {
  const std::uint64_t* words = nullptr;
  bool folded = false;  ///< ASCII letters are read in lower case

  MILLRACE_HD std::uint64_t load(std::uint32_t at) const {
    const std::uint32_t shift = (at & 7) * 8;
    std::uint64_t bytes = words[at >> 3];
    if (shift != 0) bytes = bytes >> shift | words[(at >> 3) + 1] << (64 - shift);
    return folded ? millrace::fold_case(bytes) : bytes;
  }
};

MILLRACE_HD inline AlignedText text_of(const CountSpec& rule, const DeviceBatch& batch) {
  return {reinterpret_cast<const std::uint64_t*>(batch.text), rule.fold_case};
}

/// A token: where it is in the batch, and a text that has it, perhaps nearer, at `at`.
struct TokenText {
  AlignedText text;
  std::uint32_t at = 0;
  std::uint32_t where = 0;
  std::uint32_t length = 0;

  /// Eight bytes from `offset` on.
  MILLRACE_HD std::uint64_t load(std::uint32_t offset) const { return text.load(at + offset); }
  /// The same, with zeros beyond the token. REQUIRES: offset < length.
  MILLRACE_HD std::uint64_t load_padded(std::uint32_t offset) const {
    const std::uint32_t left = length - offset;
    const std::uint64_t bytes = load(offset);
    return left >= 8 ? bytes : bytes & ((std::uint64_t{1} << (8 * left)) - 1);
  }
  /// REQUIRES: length > kPackedBytesMax.
  MILLRACE_HD Key hash(const HashSeed& rule) const {
    return hashed_key_of([this](std::uint32_t offset) { return load(offset); }, length, rule);
  }
};

/// Whether two long tokens have the same bytes. REQUIRES: their lengths are equal and at least 8.
MILLRACE_HD inline bool same_bytes(const TokenText& a, const TokenText& b) {
  for (std::uint32_t offset = 0; offset + 8 < a.length; offset += 8)
    if (a.load(offset) != b.load(offset)) return false;
  return a.load(a.length - 8) == b.load(b.length - 8);
}

/// Bit i of the result: byte i is `wanted`.
MILLRACE_HD constexpr std::uint32_t equal_bits(std::uint64_t bytes, char wanted) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kLow = 0x7f * kOnes;
  const std::uint64_t other = bytes ^ (kOnes * static_cast<unsigned char>(wanted));
  const std::uint64_t equal = ~(((other & kLow) + kLow) | other | kLow);
  return static_cast<std::uint32_t>((equal >> 7) * 0x0102040810204080 >> 56);
}

static_assert(equal_bits(0x0a0b0a8a000a0a01, '\n') == 0b10100110);

}  // namespace millrace::cuda
