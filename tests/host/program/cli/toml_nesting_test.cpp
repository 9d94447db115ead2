// Nesting of TOML texts.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/toml_nesting.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::cli::toml_nesting_test {
namespace {

std::string repeated(std::string_view piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

TEST(TomlNesting, FlatTextsHaveNone) {
  for (const std::string_view text :
       {"", "top = 3\n", "from = [\"a\", \"b\"]\n", "a.b.c = {d = [1.5, 2.5, 3.5]}\n", "[a.b]\nc.d = 1\n"})
    EXPECT_EQ(find_nesting(text, 3), std::nullopt) << text;
  EXPECT_EQ(find_nesting("x = [" + repeated("1.5, ", 100) + "]", 3), std::nullopt);
  EXPECT_EQ(find_nesting(repeated("a.b = 1\n", 100), 3), std::nullopt);
}

TEST(TomlNesting, IsFoundInBracketsAndKeys) {
  EXPECT_EQ(find_nesting("x = [[[[", 3), 7U);
  EXPECT_EQ(find_nesting("x = [{a=[{", 3), 9U);
  EXPECT_EQ(find_nesting("[[a]]\nx = [\n[\n[\n[", 3), 16U);
  EXPECT_EQ(find_nesting("a.b.c.d.e = 1", 3), 7U);
  EXPECT_EQ(find_nesting("a . \"b.\" . 'c.'\t. d.e = 1", 3), 19U);
  EXPECT_EQ(find_nesting("[a.b.c.d.e]", 3), 8U);
  EXPECT_TRUE(find_nesting(repeated("a.", 1'000'000) + "a = 1", 16));
}

TEST(TomlNesting, TextsAndCommentsDoNotCount) {
  for (const std::string_view text :
       {"x = \"[[[[....\"", "x = '[[[[....'", "# [[[[ ....\n", "x = \"\\\"[[[[....\"",
        "x = \"\"\"\n[[[[\"\"....\"\"\"", "x = '''\n[[[[\\'....'''", "\"[[[[....\" = 1", "x = \"[[[[....",
        "x = '\\' # [[[[....\n"})
    EXPECT_EQ(find_nesting(text, 3), std::nullopt) << text;
  EXPECT_EQ(find_nesting("x = \"\"\ny = [[[[", 3), 14U) << "an empty text is no beginning of a long one";
  EXPECT_EQ(find_nesting("x = \"open\ny = [[[[", 3), 17U) << "a line ends a text";
  EXPECT_EQ(find_nesting("x = '\\' = [[[[", 3), 13U) << "a literal text has no escapes";
  EXPECT_EQ(find_nesting("x = \"\"\"a\"\"\"\ny = [[[[", 3), 19U);
}

}  // namespace
}  // namespace millrace::cli::toml_nesting_test
