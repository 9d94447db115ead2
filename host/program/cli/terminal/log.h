// Messages on stderr, as text for people or as JSON for machines. The rest of the program calls spdlog.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/program/cli/flags/settings.h"
#include "host/program/cli/terminal/status_line.h"

namespace millrace::cli {

/// Sends spdlog's messages to the terminal below which `status` draws. REQUIRES: status outlives all logging.
void start_log(const Settings& settings, StatusLine& status);
bool log_has_started();

/// Whether to use colours or redraw a line on a terminal that `descriptor` may be.
bool wanted(When when, int descriptor);
bool wants_color(When when, int descriptor);

}  // namespace millrace::cli
