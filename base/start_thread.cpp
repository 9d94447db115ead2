// What a refused thread is called.
// SPDX-License-Identifier: Apache-2.0
#include "base/start_thread.h"

#include <pthread.h>

#include <csignal>
#include <system_error>
#include <utility>

namespace millrace {

namespace {

// A reader that has gone is an error of the write, not the end of the process. Where another thread's write
// ended it, that is the caller's own affair.
void block_pipe_signals() {
  sigset_t pipes;
  sigemptyset(&pipes);
  sigaddset(&pipes, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipes, nullptr);
}

}  // namespace

LimitError thread_refused() {
  return LimitError(
      "cannot start another thread: a limit of processes and threads (ulimit -u, pids.max of the cgroup) or of "
      "memory (ulimit -v) is reached; raise it, or give fewer --readers");
}

std::jthread start_thread(std::function<void()> work) {
  try {
    return std::jthread([work = std::move(work)] {
      block_pipe_signals();
      work();
    });
  } catch (const std::system_error&) {
    throw thread_refused();
  }
}

}  // namespace millrace
