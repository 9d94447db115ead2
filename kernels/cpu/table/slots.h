// What tables hold: one kind of slot for each class of key length.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <millrace/types.h>

#include "kernels/cpu/simd/text_kernels.h"
#include "kernels/cpu/table/load.h"
#include "kernels/key.h"

namespace millrace {

// Words of one class take the same path, so that no branch depends on how long the last one was. Short and
// medium keys hold the text itself and, in their last byte, its length: comparing them is exact, and NUL is a
// byte like others. A slot of zeros is free.

namespace detail {
/// Of eight bytes, those of a text.
constexpr std::uint64_t low_bytes(std::uint32_t length) {
  return length >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * length)) - 1;
}
}  // namespace detail

static_assert(kShortKeyMax == kPackedBytesMax);

/// Texts of at most seven bytes: as a packed Key, but with one bit more, so that none is zero.
struct ShortSlot {
  static constexpr std::uint32_t kLengthMax = kShortKeyMax;
  struct Text {
    std::uint64_t bits;
  };
  Text key;
  std::int64_t count;

  /// REQUIRES: eight bytes may be read; length <= kLengthMax.
  static Text make(const char* text, std::uint32_t length) {
    return {(load8_at_once(text) & kMask[length]) | kTag[length]};
  }
  static bool equal(Text a, Text b) { return a.bits == b.bits; }
  static bool is_free(Text key) { return key.bits == 0; }
  static std::uint64_t hash(Text key, const SpreadSeed& seed) { return seed.spread(key.bits); }
  static Key packed(Text key) { return Key{key.bits ^ kFlag}; }
  static std::string_view text(const Text&) { return {}; }

 private:
  static constexpr std::uint64_t kFlag = std::uint64_t{1} << 63;
  static constexpr std::array<std::uint64_t, 8> kMask = {
      detail::low_bytes(0), detail::low_bytes(1), detail::low_bytes(2), detail::low_bytes(3),
      detail::low_bytes(4), detail::low_bytes(5), detail::low_bytes(6), detail::low_bytes(7)};
  static constexpr std::array<std::uint64_t, 8> kTag = [] {
    std::array<std::uint64_t, 8> tags{};
    for (std::uint64_t length = 0; length < 8; ++length) tags[length] = length << 56 | kFlag;
    return tags;
  }();
};

/// Texts of eight to fifteen bytes.
struct MediumSlot {
  static constexpr std::uint32_t kLengthMax = kMediumKeyMax;
  struct Text {
    std::uint64_t low, high;
  };
  Text key;
  std::int64_t count;

  /// REQUIRES: sixteen bytes may be read; kPackedBytesMax < length <= kLengthMax.
  static Text make(const char* text, std::uint32_t length) {
    const std::uint64_t low = load8_at_once(text);
    const std::uint64_t high = load8_at_once(text + 8);
    return {low, (high & detail::low_bytes(length - 8)) | std::uint64_t{length} << 56};
  }
  static bool equal(Text a, Text b) { return ((a.low ^ b.low) | (a.high ^ b.high)) == 0; }
  static bool is_free(Text key) { return key.high == 0; }
  static std::uint64_t hash(Text key, const SpreadSeed& seed) {
    return fold_multiply(key.low ^ seed.start, key.high ^ seed.multiplier);
  }
  static std::string_view text(const Text& key) {
    return {reinterpret_cast<const char*>(&key), static_cast<std::size_t>(key.high >> 56)};
  }
};

/// Longer texts: a hash, and where the text is.
struct LongSlot {
  struct Text {
    std::uint64_t hash;
    const char* data;
    std::size_t length;
  };
  Text key;
  std::int64_t count;

  static bool equal(const Text& a, const Text& b) {
    return a.hash == b.hash && a.length == b.length && std::memcmp(a.data, b.data, a.length) == 0;
  }
  static bool is_free(const Text& key) { return key.data == nullptr; }
  static std::uint64_t hash(const Text& key, const SpreadSeed& seed) { return seed.spread(key.hash); }
  static std::string_view text(const Text& key) { return {key.data, key.length}; }
};

}  // namespace millrace
