// The sub-commands. Each returns the exit status or throws.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/program/cli/flags/settings.h"
#include "host/program/cli/supervisor.h"
#include "host/program/cli/terminal/status_line.h"

namespace millrace::cli {

/// The whole program but the last catch: reads command line, environment and file, then runs one command.
int run_program(const std::vector<std::string>& arguments, const char* const* environment, StatusLine& status,
                Supervisor& supervisor);

int run_command(const Settings& settings, StatusLine& status, Supervisor& supervisor);
int check_command(const Settings& settings);
int check_faults_command();
int config_command(const SettingMap& settings, const Job& job);
int devices_command(const Settings& settings);
int state_command(const std::string& directory);
int version_command(bool json);

/// The job as run will start it: what happens is told by the log.
Job complete_job(const Settings& settings);

/// Writes to standard output. A reader that has gone away is no error.
void print(std::string_view text);

}  // namespace millrace::cli
