// What the user asked for: raw settings with their origin, and the job and manners they amount to.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <millrace/run.h>

namespace millrace::cli {

/// Where a setting came from; a later one wins.
enum class Origin : std::uint8_t { built_in, file, environment, flag };
std::string_view to_string(Origin origin);

/// The raw texts of one setting and the place to name when they are wrong: "--top", "job.toml:3:1".
struct Setting {
  std::vector<std::string> texts;
  Origin origin = Origin::built_in;
  std::string where;
};

/// By flag name, without the dashes.
using SettingMap = std::map<std::string, Setting, std::less<>>;

/// All settings, each from its strongest origin. Lists are replaced as a whole, never joined.
SettingMap merge(SettingMap flags, SettingMap environment, SettingMap file);

enum class When : std::uint8_t { automatic, always, never };
enum class LogFormat : std::uint8_t { text, json };

/// `--measure sum:2` before it is known which fields are values.
struct NamedMeasure {
  Reduction reduction = Reduction::count;
  std::optional<std::uint32_t> field;
};

/// The job that the settings describe, and how the program behaves while it runs.
struct Settings {
  Job job;
  std::optional<KeyedBy> by;
  bool names_fields = false;  ///< fields were named by their numbers
  std::vector<NamedMeasure> measures;
  When progress = When::automatic;
  When color = When::automatic;
  LogFormat log_format = LogFormat::text;
  bool verbose = false;
  bool quiet = false;
  std::chrono::nanoseconds drain_timeout = std::chrono::seconds{60};
};

/// Reads every setting and completes the job with what follows from them.
/// Throws ConfigError with all problems: exit code 64 if one is on the command line, 78 otherwise.
Settings read_settings(const SettingMap& given);

}  // namespace millrace::cli
