// Suggestions for misspelt names.
// SPDX-License-Identifier: Apache-2.0
#include "base/text/suggest.h"

#include <gtest/gtest.h>

#include <array>

namespace millrace {
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

TEST(Suggest, AsASentence) {
  EXPECT_EQ(did_you_mean("tpo", kKnown), " (did you mean \"top\"?)");
  EXPECT_EQ(did_you_mean("moon", kKnown), "");
}

}  // namespace
}  // namespace millrace
