// What is thrown becomes sentences on stderr and an exit status.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>

#include "host/program/cli/terminal/status_line.h"

namespace millrace::cli {

/// Tells of the error, in the log or, where even that is beyond the memory there is, as plain text on `status`,
/// and returns the exit status for it.
int report(const std::exception_ptr& error, StatusLine& status) noexcept;

}  // namespace millrace::cli
