// Whatever a configuration file or a command line holds, the answer is settings or a ConfigError.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/error.h>

#include "host/program/cli/flags/command_line.h"
#include "host/program/cli/flags/config_file.h"
#include "tests/fuzz/input.h"

using namespace millrace;

namespace {

cli::SettingMap settings_of(const std::string& text, bool is_file) {
  if (is_file) return cli::read_config(text, "fuzz.toml");
  std::vector<std::string> arguments(1);
  for (const char c : text) {
    if (c == '\n')
      arguments.emplace_back();
    else
      arguments.back() += c;
  }
  return cli::read_command_line(arguments).settings;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(data, size);
  const bool is_file = input.choose(2) == 0;
  try {
    const cli::SettingMap settings = settings_of(input.rest(), is_file);
    for (const auto& [name, setting] : settings) require(!setting.where.empty(), "every setting has a place");
    static_cast<void>(cli::read_settings(settings));
  } catch (const ConfigError& error) {
    require(!error.problems().empty(), "an error names a problem");
    for (const std::string& problem : error.problems()) {
      require(!problem.empty(), "a problem has a text");
      for (const char c : problem)
        require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f,
                "no control character reaches the terminal");
    }
  }
  return 0;
}
