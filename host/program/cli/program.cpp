// From the command line to one command.
// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include <millrace/version.h>
#include "base/text/printable.h"

#include "host/program/cli/commands.h"
#include "host/program/cli/flags/command_line.h"
#include "host/program/cli/flags/config_file.h"
#include "host/program/cli/flags/flags.h"
#include "host/program/cli/flags/help.h"
#include "host/program/cli/terminal/log.h"

namespace millrace::cli {
namespace {

/// Takes the setting `config` out: it says where others come from, and is none itself.
std::optional<std::string> take_config(SettingMap& environment) {
  const auto node = environment.extract("config");
  if (node.empty() || node.mapped().texts.front().empty()) return std::nullopt;
  return node.mapped().texts.front();
}

SettingMap all_settings(const CommandLine& line, const char* const* environment) {
  std::vector<std::string> warnings;
  SettingMap from_environment = read_environment(environment, warnings);
  for (const std::string& warning : warnings) spdlog::warn("{}", warning);
  const std::optional<std::string> named = take_config(from_environment);
  const std::optional<std::string>& path = line.config ? line.config : named;
  return merge(line.settings, std::move(from_environment), path ? read_config_file(*path) : SettingMap{});
}

// As JSON and TOML read it, and nothing in it that a terminal would obey.
std::string quoted(const std::string& text) {
  const std::string json = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string result;
  for (std::string_view rest = json; !rest.empty();) {
    const Character next = first_character(rest);
    result += is_control(next.code) ? fmt::format("\\u{:04x}", static_cast<std::uint32_t>(next.code))
                                    : std::string(rest.substr(0, next.bytes));
    rest.remove_prefix(next.bytes);
  }
  return result;
}

std::string quoted(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + quoted(text);
  return texts.size() == 1 ? list : '[' + list + ']';
}

/// What the format "auto" comes to: `: csv for out.csv, text for stdout:`.
std::string chosen_formats(const Job& job) {
  std::string text;
  for (const std::string& uri : job.to)
    text += fmt::format("{} {} for {}", text.empty() ? ":" : ",", to_string(format_for(uri, Format::automatic)),
                        excerpt(uri));
  return text;
}

}  // namespace

void print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {  // another process that shares the output has made it non-blocking
      pollfd output{STDOUT_FILENO, POLLOUT, 0};
      static_cast<void>(poll(&output, 1, -1));
      continue;
    }
    if (written < 0 && errno == EPIPE) return;
    if (written < 0) throw IoError::from_errno("standard output", errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

int config_command(const SettingMap& settings, const Job& job) {
  std::string text;
  for (const Flag& flag : flags()) {
    const auto found = settings.find(flag.name);
    const bool given = found != settings.end();
    // What is not given is a comment, so that the output is itself a configuration file.
    std::string line = given ? "" : "# ";
    std::vector<std::string> texts = given ? found->second.texts : std::vector{std::string(flag.default_text)};
    if (!flag.repeats && texts.size() > 1) texts = {texts.back()};
    line += fmt::format("{} = {}", flag.name, quoted(texts));
    text += fmt::format("{:<40}  # {}", line, to_string(given ? found->second.origin : Origin::built_in));
    if (flag.name == "format" && job.layout.format == Format::automatic) text += chosen_formats(job);
    text += '\n';
  }
  print(text);
  return 0;
}

int version_command(bool json) {
  const Build& built = build();
  if (json) {
    const nlohmann::ordered_json object = {{"name", "millrace"},
                                           {"version", built.version},
                                           {"compiler", built.compiler},
                                           {"build_type", built.type},
                                           {"cuda", built.cuda}};
    print(object.dump() + '\n');
  } else {
    print(
        fmt::format("millrace {} ({}, {}; CUDA: {})\n", built.version, built.compiler, built.type, built.cuda));
  }
  return 0;
}

int run_program(const std::vector<std::string>& arguments, const char* const* environment, StatusLine& status,
                Supervisor& supervisor) {
  start_log(Settings{}, status);
  const CommandLine line = read_command_line(arguments);
  switch (line.command) {
    case Command::help: print(help_text()); return 0;
    case Command::help_all: print(help_all_text()); return 0;
    case Command::version: return version_command(line.json);
    default: break;
  }
  if (line.faults) return check_faults_command();
  const SettingMap given = all_settings(line, environment);
  const Settings settings = read_settings(given);
  start_log(settings, status);
  switch (line.command) {
    case Command::check: return check_command(settings);
    case Command::config: return config_command(given, settings.job);
    case Command::devices: return devices_command(settings);
    case Command::state: return state_command(line.directory);
    default: return run_command(settings, status, supervisor);
  }
}

}  // namespace millrace::cli
