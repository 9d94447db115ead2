// CLI11 takes the command line apart; values are read later, with those of the other origins.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/command_line.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <string_view>

#include <CLI/CLI.hpp>

#include <millrace/error.h>

#include "host/program/cli/flags/flag_values.h"
#include "host/program/cli/flags/flags.h"
#include "host/program/cli/flags/foreign_flags.h"

namespace millrace::cli {
namespace {

constexpr std::array<Named<Command>, 6> kCommands = {{{"run", Command::run},
                                                      {"check", Command::check},
                                                      {"config", Command::config},
                                                      {"devices", Command::devices},
                                                      {"state", Command::state},
                                                      {"version", Command::version}}};

std::optional<Command> command_named(std::string_view word) {
  for (const auto& [name, command] : kCommands)
    if (name == word) return command;
  return std::nullopt;
}

[[noreturn]] void refuse(std::string text) {
  throw ConfigError({std::move(text)}, 64);
}

/// The parser and what it finds. Options are bound to no variables: their raw texts are kept.
class Parser {
 public:
  Parser() {
    app_.set_help_flag();
    for (const Flag& flag : flags()) add(flag);
    config_ = app_.add_option("--config")->take_all();
    help_ = app_.add_flag("-h,--help");
    help_all_ = app_.add_flag("--help-all");
    version_ = app_.add_flag("--version");
    json_ = app_.add_flag("--json");
    faults_ = app_.add_flag("--faults");
    app_.allow_extras();
  }

  void parse(std::vector<std::string> arguments) {
    std::ranges::reverse(arguments);  // as CLI11 wants it
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ArgumentMismatch& error) {
      const std::string_view text = error.what();  // begins with the flag
      refuse(excerpt(text.substr(0, text.find(':'))) + " needs a value; see millrace --help");
    } catch (const CLI::ParseError& error) {
      refuse(excerpt(error.what()));
    }
    // What CLI11 does not know is left over: words, or flags that do not exist. "-" is a word.
    for (const std::string& argument : app_.remaining())
      if (argument.size() > 1 && argument.starts_with('-')) refuse_unknown(argument);
  }

  /// The command that a flag stands for, if there is one.
  std::optional<Command> command() const {
    if (help_all_->count() > 0) return Command::help_all;
    if (help_->count() > 0) return Command::help;
    if (version_->count() > 0) return Command::version;
    return std::nullopt;
  }
  bool json() const { return json_->count() > 0; }
  bool faults() const { return faults_->count() > 0; }
  std::vector<std::string> words() const { return app_.remaining(); }
  std::vector<std::string> config() const { return config_->results(); }
  SettingMap settings() const {
    SettingMap found;
    for (const auto& [name, option] : options_) {
      if (option->count() == 0) continue;
      found.emplace(name, Setting{option->results(), Origin::flag, "--" + std::string(name)});
    }
    return found;
  }

 private:
  void add(const Flag& flag) {
    std::string names = "--" + std::string(flag.name);
    if (flag.letter != 0) names += std::string{',', '-', flag.letter};
    const bool needs_value = !flag.argument.empty() && !flag.argument.starts_with('[');
    CLI::Option* option = needs_value ? app_.add_option(names) : app_.add_flag(names);
    options_.emplace(flag.name, option->take_all());
  }

  [[noreturn]] static void refuse_unknown(const std::string& argument) {
    const std::string flag = argument.substr(0, argument.find('='));
    std::vector<std::string> names = {"--config", "--help", "--help-all", "--version"};
    for (const std::string_view name : flag_names()) names.push_back("--" + std::string(name));
    const std::vector<std::string_view> known(names.begin(), names.end());
    const bool is_long = flag.starts_with("--");
    const std::string meant = (is_long ? "" : "-") + flag;
    if (const std::string_view instead = instead_of(std::string_view(meant).substr(2)); !instead.empty())
      refuse("unknown flag " + excerpt(flag) + ": " + std::string(instead));
    if (const std::string_view advice = advice_on(is_long ? flag : flag.substr(0, 2)); !advice.empty())
      refuse("unknown flag " + excerpt(flag) + ": " + std::string(advice));
    refuse("unknown flag " + excerpt(flag) + did_you_mean(meant, known) + "; see millrace --help");
  }

  CLI::App app_{"", "millrace"};
  CLI::Option* config_ = nullptr;
  CLI::Option* help_ = nullptr;
  CLI::Option* help_all_ = nullptr;
  CLI::Option* version_ = nullptr;
  CLI::Option* json_ = nullptr;
  CLI::Option* faults_ = nullptr;
  std::map<std::string_view, CLI::Option*> options_;
};

/// A word that is neither a file nor a sub-command, but nearly the latter.
void refuse_misspelt_command(const std::string& word) {
  std::array<std::string_view, kCommands.size()> known;
  std::ranges::transform(kCommands, known.begin(), &Named<Command>::first);
  if (word.find_first_of("/.:*?[") != std::string::npos || nearest(word, known).empty()) return;
  std::error_code ignored;
  if (std::filesystem::exists(word, ignored)) return;
  refuse('"' + excerpt(word) + "\" is neither a file nor a sub-command" + did_you_mean(word, known));
}

/// Takes the sub-command off the front of `files`, if there is one.
Command take_command(std::vector<std::string>& files) {
  if (files.empty()) return Command::run;
  const std::optional<Command> command = command_named(files.front());
  if (command)
    files.erase(files.begin());
  else
    refuse_misspelt_command(files.front());
  return command.value_or(Command::run);
}

}  // namespace

CommandLine read_command_line(const std::vector<std::string>& arguments) {
  const auto end_of_flags = std::ranges::find(arguments, "--");
  Parser parser;
  parser.parse({arguments.begin(), end_of_flags});

  CommandLine line;
  std::vector<std::string> files = parser.words();
  const Command named = take_command(files);
  line.command = parser.command().value_or(named);
  if (end_of_flags != arguments.end()) files.insert(files.end(), end_of_flags + 1, arguments.end());
  line.settings = parser.settings();
  if (line.command == Command::state) {
    if (files.size() != 1)
      refuse("millrace state takes one directory, that of --checkpoint: millrace state DIR");
    line.directory = files.front();
    files.clear();
  }
  if (!files.empty()) {
    Setting& from = line.settings.try_emplace("from", Setting{{}, Origin::flag, "FILES"}).first->second;
    from.texts.insert(from.texts.begin(), files.begin(), files.end());
  }

  if (parser.config().size() > 1) refuse("--config is given twice, and takes one file");
  if (!parser.config().empty()) line.config = parser.config().back();
  line.json = parser.json();
  if (line.json && line.command != Command::version)
    refuse("--json belongs to millrace version; for rows as JSON use --format json");
  line.faults = parser.faults();
  if (line.faults && line.command != Command::check) refuse("--faults belongs to millrace check");
  return line;
}

}  // namespace millrace::cli
