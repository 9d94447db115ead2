// The program millrace: runs it, and turns what is thrown into messages and an exit status.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <new>

#include <spdlog/spdlog.h>

#include <millrace/disk.h>
#include <millrace/error.h>

#include "host/cli/abrupt_end.h"
#include "host/cli/commands.h"

namespace {

int report(const millrace::Error& error) {
  // An error that asks for status 0 is an end that the user wanted, such as a reader that has seen enough.
  if (error.exit_code() == 0) return 0;
  if (const auto* config = dynamic_cast<const millrace::ConfigError*>(&error)) {
    for (const std::string& problem : config->problems()) spdlog::error("{}", problem);
  } else {
    spdlog::error("{}", error.what());
  }
  return error.exit_code();
}

// A descriptor that we open must not take the place of a closed standard one. What stands there instead
// cannot be used the way the standard one would be, so using it is still an error.
void fill_closed_descriptors() {
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(standard, F_GETFD) < 0)
      static_cast<void>(open("/dev/null", standard == STDIN_FILENO ? O_WRONLY : O_RDONLY));
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
  fill_closed_descriptors();
  millrace::cli::clean_up_before_signals_end_us();
  const NothingHalfWritten at_the_end;
  millrace::cli::StatusLine status(STDERR_FILENO);
  try {
    return millrace::cli::run_program({argv + 1, argv + argc}, environ, status);
  } catch (const millrace::Error& error) {
    return report(error);
  } catch (const std::bad_alloc&) {
    spdlog::error("out of memory: give a limit with --memory, or the machine more");
    return 75;
  } catch (const std::exception& error) {
    spdlog::error("internal error: {}", error.what());
    return 70;
  }
}
