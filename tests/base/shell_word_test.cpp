// Names that users can paste into a shell.
// SPDX-License-Identifier: Apache-2.0
#include "base/text/shell_word.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::shell_word_test {
namespace {

std::string word(std::string_view name) {
  return shell_word(name, "FILE");
}

TEST(ShellWord, APlainNameStaysAsItIs) {
  for (const char* name : {"a", "Az09._/+-@:=,%", "dir/file.txt", "na\xc3\xafve"}) EXPECT_EQ(word(name), name);
}

TEST(ShellWord, WhatAShellWouldReadOtherwiseIsQuoted) {
  for (const char* name : {"a b", "$HOME", "`id`", "a\"b", "*.txt", "~", "#a", "a\\b", "a;b", "a&b", "!"})
    EXPECT_EQ(word(name), "'" + std::string(name) + "'");
}

TEST(ShellWord, ANameIsNotTakenForAFlag) {
  EXPECT_EQ(word("-rf"), "./-rf");
  EXPECT_EQ(word("-a b"), "'./-a b'");
  EXPECT_EQ(word("a-b"), "a-b");
}

TEST(ShellWord, WhatIsTooLongOrTooOddHasAStandIn) {
  EXPECT_EQ(word(std::string(100, 'n')), std::string(100, 'n'));
  for (const std::string& name :
       {std::string(101, 'n'), std::string(), std::string("it's"), std::string("a\nb"), std::string("a\x1f"),
        std::string("a\x7f"), std::string("a\0b", 3)})
    EXPECT_EQ(word(name), "FILE") << name;
}

}  // namespace
}  // namespace millrace::shell_word_test
