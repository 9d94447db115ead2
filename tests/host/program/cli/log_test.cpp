// When messages have colours.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/log.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace millrace::cli {
namespace {

TEST(Log, WhoAsksForColoursGetsThem) {
  constexpr int kNoTerminal = -1;
  ::unsetenv("NO_COLOR");
  EXPECT_TRUE(wants_color(When::always, kNoTerminal));
  EXPECT_FALSE(wants_color(When::automatic, kNoTerminal));
  EXPECT_FALSE(wants_color(When::never, kNoTerminal));
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_TRUE(wants_color(When::always, kNoTerminal)) << "the flag is nearer than the environment";
  EXPECT_FALSE(wants_color(When::never, kNoTerminal));
  ::unsetenv("NO_COLOR");
}

}  // namespace
}  // namespace millrace::cli
