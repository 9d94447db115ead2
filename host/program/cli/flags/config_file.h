// Settings from a TOML file: `name = value`, with the names of the flags.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "host/program/cli/flags/settings.h"

namespace millrace::cli {

/// Throws ConfigError (exit code 66 if there is no such file, 78 if it is wrong or above 1 MiB) with all
/// problems, each as "FILE:LINE:COLUMN: what".
SettingMap read_config_file(const std::string& path);

/// The same from text; `path` is for the problems.
SettingMap read_config(std::string_view text, const std::string& path);

}  // namespace millrace::cli
