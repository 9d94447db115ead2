// The help fits its screen and leaves nothing out.
// SPDX-License-Identifier: Apache-2.0
#include "host/cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "host/cli/flags.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;

TEST(Help, FitsOneScreen) {
  std::istringstream text(help_text());
  int lines = 0;
  for (std::string line; std::getline(text, line); ++lines) EXPECT_LE(line.size(), 100U) << line;
  EXPECT_LE(lines, 40);
}

TEST(Help, HelpAllIsNotWiderThanAScreen) {
  std::istringstream text(help_all_text());
  for (std::string line; std::getline(text, line);) EXPECT_LE(line.size(), 110U) << line;
}

TEST(Help, HelpAllHasEveryFlagAndHelpTheCommonOnes) {
  for (const Flag& flag : flags()) {
    EXPECT_THAT(help_all_text(), HasSubstr("--" + std::string(flag.name)));
    EXPECT_EQ(help_text().find("--" + std::string(flag.name)) != std::string::npos, flag.common) << flag.name;
  }
}

}  // namespace
}  // namespace millrace::cli
