// Keys: packing is exact and ordered, hashing is seeded and spreads.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/key.h"

#include <bit>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/property.h"

namespace millrace::key_test {
namespace {

std::uint32_t size_of(const std::string& text) {
  return static_cast<std::uint32_t>(text.size());
}

Key pack_text(const std::string& text) {
  return pack(text.data(), size_of(text));
}

Key hash_text(const std::string& text, std::uint64_t seed, unsigned bits = 63) {
  return hashed_key(text.data(), size_of(text), hash_seed(seed, bits));
}

rc::Gen<std::string> short_text() {
  return rc::gen::mapcat(rc::gen::inRange<std::size_t>(0, kPackedBytesMax + 1), [](std::size_t length) {
    return rc::gen::container<std::string>(
        length, rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::element('\0', 'a', 'b', '\xff')));
  });
}

TEST(Key, PackedTextsComeBackAndCompareAsTexts) {
  check_property(3000, [] {
    const std::string a = *short_text();
    const std::string b = *short_text();
    char unpacked[kPackedBytesMax];
    const std::uint32_t length = unpack(pack_text(a), unpacked);
    RC_ASSERT(is_packed(pack_text(a)));
    RC_ASSERT(std::string(unpacked, length) == a);
    RC_ASSERT((pack_text(a) == pack_text(b)) == (a == b));
    RC_ASSERT((ordered(pack_text(a)) < ordered(pack_text(b))) == (a < b));
  });
}

TEST(Key, LayoutIsTheDocumentedOne) {
  EXPECT_EQ(pack_text("abc").bits, 0x0300000000636261U);
  EXPECT_EQ(pack_text("1234567").bits, 0x0737363534333231U);
  EXPECT_EQ(pack_text(std::string(1, '\0')).bits, 0x0100000000000000U);
}

TEST(Key, BytesPastTheTextDoNotMatter) {
  for (std::uint32_t length = 0; length <= kPackedBytesMax; ++length)
    EXPECT_EQ(packed_key(load8("abcdefgh"), length), pack("abcdefgh", length));
}

TEST(Key, EightBytesLoadTheFirstOneLowest) {
  EXPECT_EQ(load8("\x01\x02\x03\x04\x05\x06\x07\x88"), 0x8807060504030201U);
}

TEST(Key, LongTextsAreHashedOverAllTheirBytes) {
  for (std::uint32_t length = kPackedBytesMax + 1; length < 40; ++length) {
    std::set<std::uint64_t> seen;
    std::string text(length, 'x');
    seen.insert(hash_text(text, 7).bits);
    for (char& c : text) {
      c = 'y';
      seen.insert(hash_text(text, 7).bits);
      c = 'x';
    }
    seen.insert(hash_text(text + 'x', 7).bits);
    EXPECT_EQ(seen.size(), length + 2U);
    for (const std::uint64_t bits : seen) EXPECT_FALSE(is_packed(Key{bits}));
  }
}

TEST(Key, SeedAndBitsDecideTheHash) {
  EXPECT_NE(hash_text("a longer text", 1), hash_text("a longer text", 2));
  EXPECT_EQ(hash_text("a longer text", 1), hash_text("a longer text", 1));
  EXPECT_EQ(hash_text("a longer text", 1, 0).bits, kHashedBit);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(hash_text("a longer text " + std::to_string(i), 1, 4).bits);
  EXPECT_EQ(seen.size(), 16U);
}

// Each bit of the text should flip each of the 63 bits of the hash in about half of all cases.
TEST(Key, EveryBitOfATextChangesHalfOfTheHash) {
  constexpr int kTexts = 512;
  for (const std::size_t length : {8U, 9U, 16U, 21U, 24U}) {
    for (std::size_t flipped = 0; flipped < 8 * length; ++flipped) {
      int changes[64] = {};
      for (int i = 0; i < kTexts; ++i) {
        std::string text = std::to_string(1000003 * i) + "-a-text-of-any-length";
        text.resize(length);
        const std::uint64_t before = hash_text(text, 42).bits;
        text[flipped / 8] = static_cast<char>(text[flipped / 8] ^ 1 << (flipped % 8));
        const std::uint64_t changed = before ^ hash_text(text, 42).bits;
        for (unsigned bit = 0; bit < 63; ++bit) changes[bit] += static_cast<int>(changed >> bit & 1);
      }
      for (int bit = 0; bit < 63; ++bit)  // 256 expected, standard deviation 11
        EXPECT_NEAR(changes[bit], kTexts / 2, 80) << "length " << length << " text bit " << flipped;
    }
  }
}

TEST(Key, MixGivesDifferentNumbersDifferentResults) {
  check_property(1000, [](std::uint64_t a, std::uint64_t b) { RC_ASSERT((mix(a) == mix(b)) == (a == b)); });
  std::set<std::uint64_t> tops;  // counters are spread over the top bits that tables use
  for (std::uint64_t i = 0; i < 256; ++i) tops.insert(mix(i << 48) >> 56);
  EXPECT_GT(tops.size(), 130U);  // 162 expected of a random function
}

// One bit after the other, and whole low and high parts: every step of mix is undone.
TEST(Key, UnmixFindsWhatWasMixed) {
  for (std::uint64_t number = 0; number < 1U << 20; ++number) {
    ASSERT_EQ(unmix(mix(number)), number);
    ASSERT_EQ(unmix(mix(number << 44)), number << 44);
  }
  for (unsigned bit = 0; bit < 64; ++bit)
    for (unsigned other = 0; other < 64; ++other) {
      const std::uint64_t number = std::uint64_t{1} << bit | std::uint64_t{1} << other;
      ASSERT_EQ(unmix(mix(number)), number);
      ASSERT_EQ(mix(unmix(number)), number);
    }
  check_property(10'000, [](std::uint64_t number) { RC_ASSERT(unmix(mix(number)) == number); });
}

TEST(Key, HashesOfTextsDoNotDependOnHowTheyAreLoaded) {
  const std::string text = "any text that is longer than eight bytes by quite a lot";
  for (std::uint32_t length = kPackedBytesMax + 1; length <= size_of(text); ++length) {
    const auto load = [&](std::uint32_t at) {
      EXPECT_LE(at + 8, length) << "only the text is read";
      return load8(text.data() + at);
    };
    EXPECT_EQ(hashed_key_of(load, length, hash_seed(9, 63)), hash_text(text.substr(0, length), 9));
  }
}

}  // namespace
}  // namespace millrace::key_test
