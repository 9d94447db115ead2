// Keys: short texts packed whole, longer ones as a seeded hash.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <millrace/types.h>

#include "kernels/hd.h"

namespace millrace {

// A packed key: text bytes in bits 0..55, the first one lowest; zeros behind them; the length in bits
// 56..62; bit 63 clear. The length keeps "a" and "a\0" apart. A hashed key: bit 63 set, a hash below it.
inline constexpr std::uint32_t kPackedBytesMax = 7;
inline constexpr std::uint64_t kHashedBit = std::uint64_t{1} << 63;

/// Eight bytes as a number, the first one lowest, on every machine. Compilers make one load of it.
MILLRACE_HD constexpr std::uint64_t load8(const char* text) {
  std::uint64_t bytes = 0;
  for (unsigned i = 0; i < 8; ++i)
    bytes |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  return bytes;
}

/// The key of a short text from its first eight bytes; those past the length are ignored.
/// REQUIRES: length <= kPackedBytesMax.
MILLRACE_HD constexpr Key packed_key(std::uint64_t bytes, std::uint32_t length) {
  const std::uint64_t text = bytes & ((std::uint64_t{1} << (8 * length)) - 1);
  return Key{text | static_cast<std::uint64_t>(length) << 56};
}

/// As packed_key, reading no byte past the text.
MILLRACE_HD constexpr Key pack(const char* text, std::uint32_t length) {
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < length; ++i)
    bytes |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  return packed_key(bytes, length);
}

MILLRACE_HD constexpr bool is_packed(Key key) {
  return (key.bits & kHashedBit) == 0;
}

/// Writes the text of a packed key and returns its length. REQUIRES: is_packed(key).
MILLRACE_HD constexpr std::uint32_t unpack(Key key, char* text) {
  // Masked, so that compilers that unroll the loop know its bound.
  const auto length = static_cast<std::uint32_t>(key.bits >> 56) & kPackedBytesMax;
  for (std::uint32_t i = 0; i < length; ++i) text[i] = static_cast<char>(key.bits >> (8 * i) & 0xff);
  return length;
}

/// A number that compares as the texts of packed keys do: text bytes first, then the length.
MILLRACE_HD constexpr std::uint64_t ordered(Key key) {
  std::uint64_t swapped = 0;
  for (unsigned i = 0; i < 8; ++i) swapped |= (key.bits >> (8 * i) & 0xff) << (56 - 8 * i);
  return swapped;
}

/// Spreads every bit of a number over all bits of the result. No two numbers give the same one.
MILLRACE_HD constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ x >> 32) * 0xd6e8feb86659fd93;
  x = (x ^ x >> 29) * 0xa0761d6478bd642f;
  return x ^ x >> 32;
}

/// The number that mix makes `x` of.
MILLRACE_HD constexpr std::uint64_t unmix(std::uint64_t x) {
  x = (x ^ x >> 32) * 0x939c72e4af1e62cf;
  x = (x ^ x >> 29 ^ x >> 58) * 0xcfee444d8b59a89b;
  return x ^ x >> 32;
}

/// Both halves of the 128-bit product, folded into one.
MILLRACE_HD constexpr std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// What makes the places of keys in tables unforeseeable; drawn per process. The lower half of the product
/// alone would do for two keys, but keeps the distances of many: keys at equal distances, which crafted ones
/// are, then come in heaps under some seeds.
struct SpreadSeed {
  std::uint64_t multiplier = 1;
  std::uint64_t start = 0;
  constexpr std::uint64_t spread(std::uint64_t bits) const { return fold_multiply(bits ^ start, multiplier); }
};

constexpr SpreadSeed spread_seed(std::uint64_t seed) {
  return {mix(seed ^ 0x6a09e667f3bcc909) | 1, mix(~seed)};
}

/// What a seed makes of the hash, worked out once. Crafted keys would have to guess start and multiplier.
struct HashSeed {
  std::uint64_t start = 0;
  std::uint64_t multiplier = 1;
  std::uint64_t mask = kHashedBit - 1;
};

/// `bits` <= 63 of the hash are kept; fewer make keys collide, for tests.
MILLRACE_HD constexpr HashSeed hash_seed(std::uint64_t seed, unsigned bits) {
  return HashSeed{mix(seed + 0x9e3779b97f4a7c15), mix(seed ^ 0xc2b2ae3d27d4eb4f) | 1,
                  (std::uint64_t{1} << bits) - 1};
}

/// Eight bytes a step; the last step takes the last eight bytes, so that none is read past the text. The
/// length comes last, where no chosen byte can cancel it. `load(at)` gives the eight bytes that begin there.
/// REQUIRES: length > kPackedBytesMax.
template <class Load>
MILLRACE_HD constexpr Key hashed_key_of(Load load, std::uint32_t length, const HashSeed& rule) {
  std::uint64_t hash = rule.start;
  for (std::uint32_t at = 0; at + 8 < length; at += 8) hash = fold_multiply(hash ^ load(at), rule.multiplier);
  hash = fold_multiply(hash ^ load(length - 8), rule.multiplier);
  return Key{kHashedBit | (mix(hash + length) & rule.mask)};
}

/// The key of a text in memory. REQUIRES: length > kPackedBytesMax.
MILLRACE_HD constexpr Key hashed_key(const char* text, std::uint32_t length, const HashSeed& rule) {
  return hashed_key_of([text](std::uint32_t at) { return load8(text + at); }, length, rule);
}

/// The key of any text.
MILLRACE_HD constexpr Key make_key(const char* text, std::uint32_t length, const HashSeed& rule) {
  return length <= kPackedBytesMax ? pack(text, length) : hashed_key(text, length, rule);
}

// By bits: nvcc 13 does not see the == that a defaulted <=> implies.
static_assert(pack("", 0).bits == 0 && pack("a", 1).bits == 0x0100000000000061);
static_assert(pack("a", 1).bits != pack("a\0", 2).bits && pack("\0", 1).bits != pack("", 0).bits);
static_assert(packed_key(load8("abcdefgh"), 3).bits == pack("abc", 3).bits);
static_assert(packed_key(load8("\xff\xff\xff\xff\xff\xff\xff\xff"), 7).bits == 0x07ffffffffffffff);
static_assert(is_packed(pack("\xff\xff\xff\xff\xff\xff\xff", 7)));
static_assert(ordered(pack("a", 1)) < ordered(pack("a\0", 2)));
static_assert(ordered(pack("a\0", 2)) < ordered(pack("ab", 2)));
static_assert(ordered(pack("ab", 2)) < ordered(pack("b", 1)));
static_assert(ordered(pack("z", 1)) < ordered(pack("\x80", 1)));
static_assert(unmix(mix(0)) == 0 && unmix(mix(0x0123456789abcdef)) == 0x0123456789abcdef);
static_assert(!is_packed(hashed_key("abcdefgh", 8, hash_seed(1, 63))));
static_assert(hashed_key("abcdefgh", 8, hash_seed(1, 4)).bits - kHashedBit < 16);
static_assert(hashed_key("abcdefgh", 8, hash_seed(1, 63)).bits !=
              hashed_key("abcdefgh", 8, hash_seed(2, 63)).bits);
static_assert(hashed_key("abcdefgh", 8, hash_seed(1, 63)).bits !=
              hashed_key("abcdefgha", 9, hash_seed(1, 63)).bits);

}  // namespace millrace
