// The table of all flags: help, environment, configuration file and parsing are made from it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/program/cli/flags/settings.h"

namespace millrace::cli {

struct Flag {
  std::string_view name;      ///< without dashes: "batch-bytes"
  std::string_view argument;  ///< what follows it in the help; empty for a switch, "[=N]" if it may be left out
  std::string_view default_text;  ///< the default, as text
  std::string_view group;         ///< heading in --help-all
  std::string_view help;
  bool common = false;  ///< shown by --help
  /// Takes one value. Throws ConfigError with what is wrong with the text.
  void (*set)(Settings& settings, std::string_view text) = nullptr;
  bool repeats = false;  ///< may be given several times, and every value counts
  char letter = 0;       ///< short form, 0 for none
};

std::span<const Flag> flags();
const Flag* find_flag(std::string_view name);
std::vector<std::string_view> flag_names();

/// What to do instead of a flag that is looked for and not there; empty where nothing is known.
std::string_view instead_of(std::string_view name);

/// "MILLRACE_BATCH_BYTES" for "batch-bytes".
std::string environment_name(std::string_view flag);

/// Settings found in environment variables; `environment` is a null-terminated list of NAME=VALUE.
/// Near misses of our names are described in `warnings`.
SettingMap read_environment(const char* const* environment, std::vector<std::string>& warnings);

}  // namespace millrace::cli
