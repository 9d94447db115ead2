// The program millrace: runs it, and turns what is thrown into messages and an exit status.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <exception>

#include <millrace/disk.h>
#include "base/disk/given_descriptors.h"

#include "host/program/cli/abrupt_end.h"
#include "host/program/cli/commands.h"
#include "host/program/cli/supervisor.h"
#include "host/program/cli/terminal/error_report.h"

namespace {

using namespace std::chrono_literals;

// Nobody may be reading stderr, and the process ends all the same.
constexpr std::chrono::nanoseconds kPatienceAtTheEnd = 1s;

// A descriptor that we open must not take the place of a closed standard one. What stands there instead
// cannot be used the way the standard one would be, so using it is still an error.
void fill_closed_descriptors() {
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(standard, F_GETFD) < 0)
      static_cast<void>(open("/dev/null", standard == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

// By default the C library sets 64 MiB of addresses aside for each thread that finds them free. Under a limit
// of addresses (ulimit -v) they are then missing elsewhere, and more of them could fail where fewer do.
void share_one_heap_if_addresses_are_few() {
  rlimit addresses{};
  if (getrlimit(RLIMIT_AS, &addresses) == 0 && addresses.rlim_cur != RLIM_INFINITY) mallopt(M_ARENA_MAX, 1);
}

/// However main ends, nothing half written stays, also where removing it failed before.
struct NothingHalfWritten {
  ~NothingHalfWritten() { millrace::remove_temporaries(); }
};

}  // namespace

int main(int argc, char** argv) {
  // Writing beyond a reader or a limit is an error of the write, not the end of the program.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
  share_one_heap_if_addresses_are_few();
  millrace::note_given_descriptors();
  fill_closed_descriptors();
  millrace::cli::clean_up_before_signals_end_us();
  const NothingHalfWritten at_the_end;
  millrace::cli::StatusLine status(STDERR_FILENO);
  millrace::cli::Supervisor supervisor(status);
  int exit_code = 0;
  try {
    exit_code = millrace::cli::run_program({argv + 1, argv + argc}, environ, status, supervisor);
  } catch (...) {
    exit_code = millrace::cli::report(std::current_exception(), status);
  }
  supervisor.leave_with(exit_code);
  status.finish(std::chrono::steady_clock::now() + kPatienceAtTheEnd);
  return exit_code;
}
