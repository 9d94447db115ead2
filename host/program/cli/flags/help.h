// The texts of --help and --help-all, made from the flags' table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace millrace::cli {

/// The commonest flags: at most 40 lines of at most 80 columns.
std::string help_text();

/// In the same width, all flags with their defaults, sub-commands, environment, configuration file, signals and
/// exit codes.
std::string help_all_text();

}  // namespace millrace::cli
