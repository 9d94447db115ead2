// The help fits its screen and leaves nothing out.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "host/program/cli/flags/flags.h"

namespace millrace::cli::help_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

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

TEST(Help, HelpAllTellsShortFormsArgumentsAndDefaults) {
  const std::string all = help_all_text();
  for (const char* row : {"  -v, --verbose ", "  --top N  ", "  --verify[=N] ", " [16MiB]\n", " [stdout:]\n"})
    EXPECT_THAT(all, HasSubstr(row));
  EXPECT_THAT(all, Not(HasSubstr("[false]"))) << "a switch is off";
  EXPECT_THAT(all, Not(HasSubstr("[]")));
  EXPECT_THAT(help_text(), Not(HasSubstr("[stdout:]")));
  for (const std::string_view group : {"What is computed", "Input and output", "Speed and memory", "Behaviour"})
    EXPECT_THAT(all, HasSubstr('\n' + std::string(group) + ":\n"));
}

}  // namespace
}  // namespace millrace::cli::help_test
