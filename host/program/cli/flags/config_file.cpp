// TOML by toml++; what the names mean is the flags' table.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/config_file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <utility>

#include <toml++/toml.h>

#include <millrace/error.h>

#include "base/text/suggest.h"
#include "host/program/cli/flags/flags.h"
#include "host/program/cli/flags/toml_nesting.h"

namespace millrace::cli {
namespace {

constexpr std::size_t kBytesMax = std::size_t{1} << 20;
constexpr std::size_t kNestingMax = 16;

std::string place(const std::string& path, const toml::source_region& source) {
  return excerpt(path) + ':' + std::to_string(source.begin.line) + ':' + std::to_string(source.begin.column);
}

toml::source_region region_at(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const std::string_view line = before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
  const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; };
  toml::source_region region;
  region.begin.line = static_cast<toml::source_index>(std::ranges::count(before, '\n') + 1);
  region.begin.column = static_cast<toml::source_index>(std::ranges::count_if(line, begins_character) + 1);
  return region;
}

/// The text that the same value would have as a flag; empty for what no flag takes.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* yes = node.as_boolean()) return yes->get() ? "true" : "false";
  return std::nullopt;
}

std::optional<std::vector<std::string>> texts_of(const toml::node& node) {
  std::vector<std::string> texts;
  if (const auto* list = node.as_array()) {
    for (const toml::node& item : *list) {
      const auto text = text_of(item);
      if (!text) return std::nullopt;
      texts.push_back(*text);
    }
    return texts;
  }
  const auto text = text_of(node);
  if (!text) return std::nullopt;
  texts.push_back(*text);
  return texts;
}

// toml++ recurses, and a key of many parts would take its stack away.
toml::table parse(std::string_view text, const std::string& path) {
  if (const auto deep = find_nesting(text, kNestingMax))
    throw ConfigError({place(path, region_at(text, *deep)) +
                       ": is nested too deeply: a line is name = value, or name = [value, value]"});
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    throw ConfigError({place(path, error.source()) + ": " + excerpt(error.description())});
  }
}

}  // namespace

SettingMap read_config(std::string_view text, const std::string& path) {
  SettingMap settings;
  std::map<std::pair<std::size_t, std::size_t>, std::string> problems;  // by line and column
  const auto refuse = [&](const toml::key& key, const std::string& what) {
    const toml::source_position at = key.source().begin;
    problems.emplace(std::pair(at.line, at.column), place(path, key.source()) + ": " + what);
  };
  for (const auto& [key, node] : parse(text, path)) {
    std::string name(key.str());
    std::ranges::replace(name, '_', '-');
    const Flag* flag = find_flag(name);
    if (flag == nullptr) {
      const std::string_view instead = instead_of(name);
      refuse(key, "unknown key \"" + excerpt(key.str()) + '"' +
                      (instead.empty() ? did_you_mean(name, flag_names()) : ": " + std::string(instead)));
      continue;
    }
    auto texts = texts_of(node);
    if (!texts || (node.is_array() && !flag->repeats)) {
      refuse(key, name + " takes a text, a whole number, true or false" +
                      (flag->repeats ? ", or a list of them" : ""));
      continue;
    }
    Setting setting{std::move(*texts), Origin::file, place(path, key.source()) + ": " + name};
    if (!settings.emplace(name, std::move(setting)).second) refuse(key, name + " is there twice");
  }
  std::vector<std::string> lines;
  for (auto& [at, problem] : problems) lines.push_back(std::move(problem));
  if (!lines.empty()) throw ConfigError(std::move(lines));
  return settings;
}

SettingMap read_config_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kBytesMax + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) throw ConfigError({IoError::from_errno(path, errno).what()}, 66);
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kBytesMax)
    throw ConfigError({excerpt(path) + ": is above 1MiB: no settings take that much"});
  return read_config(text, path);
}

}  // namespace millrace::cli
