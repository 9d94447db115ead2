// Numbers and texts as bytes: there and back, and what is none.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/encoding.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace millrace::encoding_test {
namespace {

constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

TEST(Encoding, NumbersComeBack) {
  std::string bytes;
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, kLargest}) {
    put_varint(bytes, value);
    put_fixed(bytes, value, 8);
  }
  for (const std::int64_t value : {kLeast, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, kMost})
    put_zigzag(bytes, value);
  put_text(bytes, "a text");
  put_text(bytes, "");
  Decoder decoder(bytes);
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, kLargest}) {
    EXPECT_EQ(decoder.varint(), value);
    EXPECT_EQ(decoder.fixed(8), value);
  }
  for (const std::int64_t value : {kLeast, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, kMost})
    EXPECT_EQ(decoder.zigzag(), value);
  EXPECT_EQ(decoder.text(), "a text");
  EXPECT_EQ(decoder.text(), "");
  EXPECT_TRUE(decoder.empty());
}

// Another program is to read them.
TEST(Encoding, BytesAreThoseOfTheFormat) {
  std::string bytes;
  put_fixed(bytes, 0x0102, 4);
  put_varint(bytes, 300);
  put_zigzag(bytes, -2);
  EXPECT_EQ(bytes, std::string("\x02\x01\0\0\xac\x02\x03", 7));
}

TEST(Encoding, WhatEndsTooEarlyIsCorrupt) {
  EXPECT_THROW(Decoder("").varint(), CorruptError);
  EXPECT_THROW(Decoder("\x80").varint(), CorruptError);
  EXPECT_THROW(Decoder("abc").fixed(4), CorruptError);
  EXPECT_THROW(Decoder("\x02z").text(), CorruptError);
  EXPECT_THROW(Decoder("ab").bytes(3), CorruptError);
  std::string endless;
  put_varint(endless, kLargest);
  EXPECT_THROW(Decoder(endless + "text").text(), CorruptError);
}

TEST(Encoding, NumbersOfMoreThan64BitsAreCorrupt) {
  const std::string nine(9, '\xff');
  EXPECT_EQ(Decoder(nine + '\x01').varint(), kLargest);
  EXPECT_THROW(Decoder(nine + '\x02').varint(), CorruptError);
  EXPECT_THROW(Decoder(nine + '\x81' + '\x00').varint(), CorruptError);
}

TEST(Encoding, WideNumbersComeBackAndNarrowOnesAreAsEver) {
  for (unsigned bits = 0; bits < 127; ++bits)
    for (const int sign : {1, -1})
      for (const int more : {-1, 0, 1}) {
        const Int128 number = sign * ((Int128{1} << bits) + more);
        std::string bytes;
        put_wide(bytes, number);
        EXPECT_LE(bytes.size(), 19U);
        Decoder again(bytes);
        EXPECT_TRUE(again.wide() == number) << bits;
        EXPECT_TRUE(again.empty());
        const auto narrow = static_cast<std::int64_t>(number);
        if (narrow != number) continue;
        std::string as_ever;
        put_zigzag(as_ever, narrow);
        EXPECT_EQ(bytes, as_ever);
      }
  const Int128 most = ~(Int128{1} << 127);
  for (const Int128 number : {most, -most - 1}) {
    std::string bytes;
    put_wide(bytes, number);
    EXPECT_TRUE(Decoder(bytes).wide() == number);
  }
  const std::string endless(19, '\xff');
  EXPECT_THROW(Decoder(endless).wide(), CorruptError);
}

}  // namespace
}  // namespace millrace::encoding_test
