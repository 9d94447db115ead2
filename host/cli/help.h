// The texts of --help and --help-all, made from the flags' table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace millrace::cli {

/// One screen: at most 40 lines of at most 100 columns.
std::string help_text();

/// All flags with their defaults, sub-commands, environment, configuration file, signals and exit codes.
std::string help_all_text();

}  // namespace millrace::cli
