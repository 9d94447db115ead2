// Suggestions for misspelt names.
// SPDX-License-Identifier: Apache-2.0
#include "base/text/suggest.h"

#include <gtest/gtest.h>

#include <array>

namespace millrace::suggest_test {
namespace {

constexpr std::array<std::string_view, 4> kKnown = {"top", "threads", "batch-bytes", "batch-time"};

TEST(Suggest, SlipsOfOneOrTwoFingers) {
  EXPECT_EQ(nearest("tpo", kKnown), "top");
  EXPECT_EQ(nearest("thread", kKnown), "threads");
  EXPECT_EQ(nearest("htreads", kKnown), "threads");
  EXPECT_EQ(nearest("batchbytes", kKnown), "batch-bytes");
  EXPECT_EQ(nearest("bach-tiem", kKnown), "batch-time");
}

TEST(Suggest, NothingForWhatIsFarAway) {
  EXPECT_EQ(nearest("moon", kKnown), "");
  EXPECT_EQ(nearest("", kKnown), "");
  EXPECT_EQ(nearest("xyz", kKnown), "");
}

TEST(Suggest, OfEqualsTheOneOfTheSameLength) {
  constexpr std::array<std::string_view, 2> kShorterFirst = {"to", "top"};
  constexpr std::array<std::string_view, 2> kLongerFirst = {"top", "to"};
  EXPECT_EQ(nearest("toq", kShorterFirst), "top");
  EXPECT_EQ(nearest("toq", kLongerFirst), "top");
  constexpr std::array<std::string_view, 3> kFarther = {"abcdef", "abcd", "abcx"};
  EXPECT_EQ(nearest("abcde", kFarther), "abcdef") << "the first of those that differ as much";
}

TEST(Suggest, AThirdOfTheLettersMayBeWrongButNotTheWholeWord) {
  constexpr std::array<std::string_view, 2> kTwo = {"a", "abcdef"};
  EXPECT_EQ(nearest("b", kTwo), "") << "nothing of it is right";
  EXPECT_EQ(nearest("xbcdey", kTwo), "abcdef");
  EXPECT_EQ(nearest("xbczey", kTwo), "");
  EXPECT_EQ(nearest("bacdef", kTwo), "abcdef") << "the first two changed places";
  EXPECT_EQ(nearest("bacdfe", kTwo), "abcdef") << "and the last two";
}

TEST(Suggest, AsASentence) {
  EXPECT_EQ(did_you_mean("tpo", kKnown), " (did you mean \"top\"?)");
  EXPECT_EQ(did_you_mean("moon", kKnown), "");
}

}  // namespace
}  // namespace millrace::suggest_test
