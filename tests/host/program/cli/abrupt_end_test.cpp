// Which signals are ours, and ending.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/abrupt_end.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

namespace millrace::cli::abrupt_end_test {
namespace {

void handle(int) {}

/// The disposition of a signal, for the time of a test.
class Disposition {
 public:
  Disposition(int signal, void (*handler)(int)) : signal_(signal), before_(std::signal(signal, handler)) {}
  ~Disposition() { static_cast<void>(std::signal(signal_, before_)); }
  Disposition(const Disposition&) = delete;
  Disposition& operator=(const Disposition&) = delete;

 private:
  int signal_;
  void (*before_)(int);
};

/// Standard output is a pipe without room, which nobody reads; so what the log says there has to wait.
void hold_up_the_log() {
  int ends[2];
  const bool is_there = pipe2(ends, O_NONBLOCK) == 0;
  while (is_there && write(ends[1], "words", 1) == 1) {
  }
  fcntl(ends[1], F_SETFL, 0);
  dup2(ends[1], STDOUT_FILENO);
}

bool is_ours(int signal) {
  const sigset_t ours = ending_signals();
  return sigismember(&ours, signal) == 1;
}

TEST(EndingSignals, AreThoseThatAskAProcessToEnd) {
  const std::array ours = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  for (const int signal : ours) static_cast<void>(std::signal(signal, SIG_DFL));  // nohup has some ignored
  for (int signal = 1; signal <= SIGRTMAX; ++signal)
    EXPECT_EQ(is_ours(signal), std::ranges::find(ours, signal) != ours.end()) << signal;
}

TEST(EndingSignals, WhatIsIgnoredOrHandledIsLeftAlone) {
  const Disposition ignored(SIGHUP, SIG_IGN);
  const Disposition handled(SIGINT, handle);
  EXPECT_FALSE(is_ours(SIGHUP));
  EXPECT_FALSE(is_ours(SIGINT));
  EXPECT_TRUE(is_ours(SIGTERM));
}

TEST(EndingSignals, WhatIsCleanedUpAfterIsStillOurs) {
  const Disposition before(SIGQUIT, SIG_DFL);
  clean_up_before_signals_end_us();
  EXPECT_TRUE(is_ours(SIGQUIT));
  for (int signal = 1; signal <= SIGRTMAX; ++signal) static_cast<void>(std::signal(signal, SIG_DFL));
}

TEST(EndingSignals, HaveNames) {
  EXPECT_EQ(signal_name(SIGTERM), "SIGTERM");
  EXPECT_EQ(signal_name(SIGRTMIN + 1), "signal " + std::to_string(SIGRTMIN + 1));
}

TEST(EndProcess, EndsWithTheStatus) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(end_process(143), ::testing::ExitedWithCode(143), "");
}

// Whoever started us may have blocked SIGALRM, which is inherited.
TEST(EndProcess, WaitsForNoLogThatIsStuck) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        sigset_t alarms;
        sigemptyset(&alarms);
        sigaddset(&alarms, SIGALRM);
        pthread_sigmask(SIG_BLOCK, &alarms, nullptr);
        hold_up_the_log();
        std::thread([] {
          std::this_thread::sleep_for(std::chrono::seconds{20});
          _exit(1);
        }).detach();
        end_process(143, "the last words");
      },
      ::testing::ExitedWithCode(143), "");
}

/// The dispositions of all signals; without one for those that the system keeps for itself.
std::array<std::optional<struct sigaction>, 65> dispositions() {
  std::array<std::optional<struct sigaction>, 65> found;
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    struct sigaction action {};
    if (sigaction(signal, nullptr, &action) == 0) found.at(static_cast<std::size_t>(signal)) = action;
  }
  return found;
}

// A terminal that is made wider, or a job that is put into the background, is no end.
TEST(CleanUp, ComesBeforeEverySignalThatEndsAProcessAndNoOther) {
  const Disposition default_one(SIGQUIT, SIG_DFL);
  const auto before = dispositions();
  clean_up_before_signals_end_us();
  const auto after = dispositions();
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    const auto index = static_cast<std::size_t>(signal);
    if (before.at(index)) sigaction(signal, &*before.at(index), nullptr);
  }
  constexpr std::array kLeftAlone = {SIGCHLD, SIGCONT, SIGURG,  SIGWINCH, SIGTSTP,
                                     SIGTTIN, SIGTTOU, SIGKILL, SIGSTOP};
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    const auto index = static_cast<std::size_t>(signal);
    if (!before.at(index)) continue;
    const bool is_default = before.at(index)->sa_handler == SIG_DFL;
    const bool left_alone = std::ranges::find(kLeftAlone, signal) != kLeftAlone.end();
    EXPECT_EQ(after.at(index)->sa_handler != before.at(index)->sa_handler, is_default && !left_alone) << signal;
  }
}

}  // namespace
}  // namespace millrace::cli::abrupt_end_test
