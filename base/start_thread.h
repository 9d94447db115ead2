// Starting a thread, which the system may refuse.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <thread>

#include <millrace/error.h>

namespace millrace {

/// The error for a refused thread, whoever asked for it.
LimitError thread_refused();

/// A thread that runs `work`, which must not throw. Throws LimitError where the system allows no more threads.
std::jthread start_thread(std::function<void()> work);

}  // namespace millrace
