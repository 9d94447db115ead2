// When messages have colours.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/log.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>

namespace millrace::cli::log_test {
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

/// A pseudo-terminal, and the environment as it was behind the test.
class TerminalLog : public ::testing::Test {
 protected:
  TerminalLog() {
    EXPECT_EQ(openpty(&own_, &terminal_, nullptr, nullptr, nullptr), 0);
    ::unsetenv("NO_COLOR");
    ::setenv("TERM", "xterm", 1);
  }
  ~TerminalLog() override {
    close(own_);
    close(terminal_);
    ::unsetenv("NO_COLOR");
    term_ ? ::setenv("TERM", term_->c_str(), 1) : ::unsetenv("TERM");
  }

  int own_ = -1;
  int terminal_ = -1;
  const std::optional<std::string> term_ =
      std::getenv("TERM") != nullptr ? std::optional<std::string>(std::getenv("TERM")) : std::nullopt;
};

TEST_F(TerminalLog, ColoursAreUnwantedOnlyByAVariableThatSaysSomething) {
  EXPECT_TRUE(wants_color(When::automatic, terminal_));
  EXPECT_FALSE(wants_color(When::never, terminal_));
  ::setenv("NO_COLOR", "", 1);
  EXPECT_TRUE(wants_color(When::automatic, terminal_));
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(wants_color(When::automatic, terminal_));
}

TEST_F(TerminalLog, ATerminalIsDrawnOnUnlessItIsDumb) {
  EXPECT_TRUE(wanted(When::automatic, terminal_));
  ::unsetenv("TERM");
  EXPECT_TRUE(wanted(When::automatic, terminal_));
  ::setenv("TERM", "dumb", 1);
  EXPECT_FALSE(wanted(When::automatic, terminal_));
  EXPECT_FALSE(wants_color(When::automatic, terminal_));
  EXPECT_TRUE(wanted(When::always, terminal_));
}

}  // namespace
}  // namespace millrace::cli::log_test
