// The help fits its screen and leaves nothing out.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "host/program/cli/flags/flags.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;

TEST(Help, FitsEightyColumns) {
  for (const std::string& help : {help_text(), help_all_text()}) {
    std::istringstream text(help);
    for (std::string line; std::getline(text, line);) {
      EXPECT_LE(line.size(), 80U) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
  }
}

TEST(Help, TheCommonFlagsAreShort) {
  EXPECT_LE(std::ranges::count(help_text(), '\n'), 40);
}

TEST(Help, HelpAllHasEveryFlagAndHelpTheCommonOnes) {
  for (const Flag& flag : flags()) {
    EXPECT_THAT(help_all_text(), HasSubstr("--" + std::string(flag.name)));
    EXPECT_EQ(help_text().find("--" + std::string(flag.name)) != std::string::npos, flag.common) << flag.name;
  }
}

}  // namespace
}  // namespace millrace::cli
