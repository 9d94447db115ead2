// What stands on the command line: a sub-command, flags and files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/program/cli/flags/settings.h"

namespace millrace::cli {

enum class Command : std::uint8_t { run, check, config, devices, state, version, help, help_all };

struct CommandLine {
  Command command = Command::run;
  SettingMap settings;                ///< flags, and files as `from`
  std::optional<std::string> config;  ///< the file named by --config
  std::string directory;              ///< state DIR
  bool json = false;                  ///< version --json
  bool faults = false;                ///< check --faults
};

/// `arguments` are those of main without the program's name. The first word that is no flag may be a
/// sub-command; `--` ends flags and sub-commands. Throws ConfigError with exit code 64.
CommandLine read_command_line(const std::vector<std::string>& arguments);

}  // namespace millrace::cli
