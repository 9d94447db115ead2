// A handler for all signals whose default is to end the process, and an end that an alarm guards.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/abrupt_end.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <spdlog/spdlog.h>

#include <millrace/disk.h>

namespace millrace::cli {
namespace {

// SA_RESETHAND has put the default back: raised again, the signal ends us as soon as the handler returns.
void clean_up(int signal) {
  remove_temporaries();
  static_cast<void>(raise(signal));
}

bool ends_processes(int signal) {
  constexpr std::array kHarmless = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGTSTP, SIGTTIN, SIGTTOU};
  constexpr std::array kBeyondUs = {SIGKILL, SIGSTOP};
  return std::ranges::find(kHarmless, signal) == kHarmless.end() &&
         std::ranges::find(kBeyondUs, signal) == kBeyondUs.end();
}

/// Whether nobody but us cares for the signal.
bool is_ours(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && (action.sa_flags & SA_SIGINFO) == 0 &&
         (action.sa_handler == SIG_DFL || action.sa_handler == clean_up);
}

volatile std::sig_atomic_t exit_code_at_alarm = 0;

// What follows may wait for what a stuck thread or a dead disk holds; the handler waits for nothing.
void set_alarm(int exit_code) {
  exit_code_at_alarm = exit_code;
  struct sigaction action {};
  action.sa_handler = [](int) { _exit(exit_code_at_alarm); };
  sigaction(SIGALRM, &action, nullptr);
  sigset_t alarms;
  sigemptyset(&alarms);
  sigaddset(&alarms, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &alarms, nullptr);
  alarm(1);
}

}  // namespace

void clean_up_before_signals_end_us() {
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    if (!ends_processes(signal) || !is_ours(signal)) continue;
    struct sigaction action {};
    action.sa_handler = clean_up;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(signal, &action, nullptr);
  }
}

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
    if (is_ours(signal)) sigaddset(&set, signal);
  return set;
}

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

void end_process(int exit_code, std::string_view words) {
  set_alarm(exit_code);
  remove_temporaries();
  if (!words.empty()) spdlog::error(words);
  _exit(exit_code);
}

}  // namespace millrace::cli
