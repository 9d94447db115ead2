// What a refused thread is called.
// SPDX-License-Identifier: Apache-2.0
#include "host/start_thread.h"

#include <system_error>
#include <utility>

namespace millrace {

LimitError thread_refused() {
  return LimitError(
      "cannot start another thread: a limit of processes and threads (ulimit -u, pids.max of the cgroup) or of "
      "memory (ulimit -v) is reached; raise it, or give fewer --readers");
}

std::jthread start_thread(std::function<void()> work) {
  try {
    return std::jthread(std::move(work));
  } catch (const std::system_error&) {
    throw thread_refused();
  }
}

}  // namespace millrace
