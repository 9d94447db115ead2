// What a terminal may have of bytes from outside.
// SPDX-License-Identifier: Apache-2.0
#include "base/text/printable.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

namespace millrace::printable_test {
namespace {

std::string utf8(char32_t code) {
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
  return {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3f)),
          static_cast<char>(0x80 | (code & 0x3f))};
}

TEST(Printable, TextStaysAsItIs) {
  for (const char* text : {"", "plain", "na\xc3\xafve", "\xe6\xbc\xa2\xe5\xad\x97", "\xf0\x9f\x8c\xbe",
                           "C:\\new", "\xc2\xa0", "\xe2\x80\xa8"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, ControlCharactersHaveNames) {
  EXPECT_EQ(printable("a\x1b[31mb\n\t\r\x7f"), "a\\x1b[31mb\\n\\t\\r\\x7f");
  EXPECT_EQ(printable(std::string_view("\0x", 2)), "\\x00x");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "\\u009b2J")
      << "CSI in UTF-8";
  EXPECT_EQ(printable("\x9b"
                      "2J"),
            "\\x9b2J")
      << "CSI as a byte";
  EXPECT_EQ(printable("txt.\xe2\x80\xae"
                      "exe"),
            "txt.\\u202eexe");
}

TEST(Printable, NothingThatATerminalObeysIsLeft) {
  const std::initializer_list<std::pair<char32_t, char32_t>> controls = {
      {0, 0x1f}, {0x7f, 0x9f}, {0x61c, 0x61c}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}};
  for (char32_t code = 0; code < 0xd800; ++code) {
    bool control = false;
    for (const auto& [first, last] : controls) control |= code >= first && code <= last;
    ASSERT_EQ(is_control(code), control) << static_cast<unsigned>(code);
    const std::string text = "a" + utf8(code) + "b";
    ASSERT_EQ(printable(text) != text, control) << static_cast<unsigned>(code);
  }
}

TEST(Printable, BytesThatAreNoUtf8AreNumbers) {
  EXPECT_EQ(printable("\xff na\xc3\xafve \xe2\x82"), "\\xff na\xc3\xafve \\xe2\\x82");
  EXPECT_EQ(printable("\xe2\x82("), "\\xe2\\x82(") << "the third byte is no part of it";
  EXPECT_EQ(printable("\xf0\x9f(\xbe"), "\\xf0\\x9f(\\xbe");
  EXPECT_EQ(printable("\xf0\x9f\x8c("), "\\xf0\\x9f\\x8c(") << "nor the fourth";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(printable("\xc0\x8a"), "\\xc0\\x8a") << "an overlong newline";
}

TEST(Printable, OnceMoreChangesNothing) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string once = printable(all + "\xc2\x9b\xe2\x80\xae");
  EXPECT_EQ(printable(once), once);
}

TEST(Front, CutsNoCharacterInTwo) {
  EXPECT_EQ(front("abc", 3), "abc");
  EXPECT_EQ(front("abcd", 3), "abc");
  EXPECT_EQ(front("ab\xf0\x9f\x8c\xbe", 5), "ab");
  EXPECT_EQ(front("ab\xf0\x9f\x8c\xbe", 6), "ab\xf0\x9f\x8c\xbe");
  EXPECT_EQ(front("\x80\x80\x80\x80\x80\x80", 5).size(), 2U) << "no UTF-8: cut somewhere";
}

}  // namespace
}  // namespace millrace::printable_test
