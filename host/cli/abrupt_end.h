// What is done when a signal ends the program.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace::cli {

/// From now on a signal that would end the program at once, a crash and abort() included, removes its temporary
/// files first, and then ends it as it would have. Signals that somebody ignores or handles stay as they are.
void clean_up_before_signals_end_us();

}  // namespace millrace::cli
