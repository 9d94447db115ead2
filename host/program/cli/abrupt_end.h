// What is done when a signal ends the program.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <string>
#include <string_view>

namespace millrace::cli {

/// From now on a signal that would end the program at once, a crash and abort() included, removes its temporary
/// files first, and then ends it as it would have. Signals that somebody ignores or handles stay as they are.
void clean_up_before_signals_end_us();

/// The signals by which people and machines ask a program to end: SIGINT, SIGTERM, SIGHUP and SIGQUIT, but for
/// those that it was started to ignore and those that somebody else handles.
sigset_t ending_signals();

/// "SIGTERM".
std::string signal_name(int signal);

/// Removes the temporary files, logs `words` as an error, if there are any, and ends the process, also where
/// locks or disks are stuck: within a second. REQUIRES: the calling thread does not hold the log's lock.
[[noreturn]] void end_process(int exit_code, std::string_view words = {});

}  // namespace millrace::cli
