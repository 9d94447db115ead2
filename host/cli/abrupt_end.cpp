// A handler for all signals whose default is to end the process.
// SPDX-License-Identifier: Apache-2.0
#include "host/cli/abrupt_end.h"

#include <algorithm>
#include <array>
#include <csignal>

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

}  // namespace

void clean_up_before_signals_end_us() {
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    struct sigaction action {};
    if (!ends_processes(signal) || sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_DFL)
      continue;
    action.sa_handler = clean_up;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(signal, &action, nullptr);
  }
}

}  // namespace millrace::cli
