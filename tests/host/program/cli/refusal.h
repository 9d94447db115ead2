// How settings are refused, as a value to look at.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <millrace/error.h>

#include "host/program/cli/flags/command_line.h"
#include "host/program/cli/flags/settings.h"

namespace millrace::cli {

/// The error that these settings end in; "taken" with exit code 0 if they end in none.
inline ConfigError refusal(const SettingMap& settings) {
  try {
    read_settings(settings);
  } catch (const ConfigError& error) {
    return error;
  }
  return ConfigError({"taken"}, 0);
}
inline ConfigError refusal_of(const std::vector<std::string>& arguments) {
  return refusal(read_command_line(arguments).settings);
}

}  // namespace millrace::cli
