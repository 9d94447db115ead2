// TOML by toml++; what the names mean is the flags' table.
// SPDX-License-Identifier: Apache-2.0
#include "host/cli/config_file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include <toml++/toml.h>

#include <millrace/error.h>

#include "host/cli/flags.h"
#include "host/cli/suggest.h"

namespace millrace::cli {
namespace {

std::string place(const std::string& path, const toml::source_region& source) {
  return path + ':' + std::to_string(source.begin.line) + ':' + std::to_string(source.begin.column);
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

toml::table parse(std::string_view text, const std::string& path) {
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    throw ConfigError({place(path, error.source()) + ": " + std::string(error.description())});
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
      refuse(key, "unknown key \"" + std::string(key.str()) + '"' + did_you_mean(name, flag_names()));
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
  std::ostringstream text;
  if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad() || text.bad())
    throw ConfigError({IoError::from_errno(path, errno).what()}, 66);
  return read_config(text.str(), path);
}

}  // namespace millrace::cli
