// From raw settings to the job they describe.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/settings.h"

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "host/job/faults/fault_plan.h"
#include "host/program/cli/flags/field_numbers.h"
#include "host/program/cli/flags/flags.h"
#include "host/program/cli/flags/unused_flags.h"

namespace millrace::cli {
namespace {

struct Problems {
  std::vector<std::string> texts;
  bool on_command_line = false;

  void add(const Setting& setting, std::string_view text) {
    texts.push_back(setting.where + ": " + std::string(text));
    on_command_line |= setting.origin == Origin::flag;
  }
};

/// Several values of which only one could count. A switch may be given again.
bool contradicts_itself(const Flag& flag, const std::vector<std::string>& texts) {
  const bool alike = std::ranges::adjacent_find(texts, std::ranges::not_equal_to()) == texts.end();
  return !flag.repeats && texts.size() > 1 && (!flag.argument.empty() || !alike);
}

void set(const Flag& flag, const Setting& setting, Settings& settings, Problems& problems) {
  if (contradicts_itself(flag, setting.texts))
    return problems.add(setting,
                        "is given twice, and takes one value" + advice_on_several(flag.name, setting.texts));
  for (const std::string& text : setting.texts) {
    try {
      flag.set(settings, text);
    } catch (const ConfigError& error) {
      problems.add(setting, error.what());
    }
  }
}

/// No flag sets them: they are for those who test what a job does about failures.
void set_faults(const Setting& setting, Settings& settings, Problems& problems) {
  const std::string& text = setting.texts.front();
  if (text.empty()) return;
  try {
    FaultPlan(text, {});
  } catch (const ConfigError& error) {
    for (const std::string& problem : error.problems()) problems.add(setting, problem);
  }
  settings.job.seams.faults = text;
}

/// Field numbers become column numbers; a measure without a field stands for each value in turn.
void complete_measures(Settings& settings) {
  Plan& plan = settings.job.plan;
  std::vector<std::uint32_t>& values = plan.fields.values;
  std::unordered_map<std::uint32_t, std::uint32_t> columns;
  for (std::uint32_t i = 0; i < values.size(); ++i) columns.emplace(values[i], i);
  const auto column = [&](std::uint32_t field) {
    const auto [found, is_new] = columns.emplace(field, static_cast<std::uint32_t>(values.size()));
    if (is_new) values.push_back(field);
    return found->second;
  };
  if (settings.measures.empty())
    settings.measures.push_back({values.empty() ? Reduction::count : Reduction::sum, std::nullopt});
  const std::vector<std::uint32_t> given = values;
  plan.measures.clear();
  for (const NamedMeasure& measure : settings.measures) {
    if (plan.measures.size() > kMeasuresMax) break;  // too many to run, and each may stand for many
    if (measure.reduction == Reduction::count) {
      plan.measures.push_back({});
    } else if (measure.field) {
      plan.measures.push_back({measure.reduction, column(*measure.field)});
    } else {
      for (const std::uint32_t field : given) plan.measures.push_back({measure.reduction, column(field)});
      if (given.empty()) plan.measures.push_back({measure.reduction, 0});
    }
  }
}

void complete_keys(Settings& settings) {
  const bool measures_fields = std::ranges::any_of(
      settings.measures, [](const NamedMeasure& m) { return m.field || m.reduction != Reduction::count; });
  const bool wants_fields = settings.names_fields || measures_fields;
  settings.job.plan.keyed_by = settings.by.value_or(wants_fields ? KeyedBy::fields : KeyedBy::words);
}

}  // namespace

std::string_view to_string(Origin origin) {
  switch (origin) {
    case Origin::built_in: return "default";
    case Origin::file: return "file";
    case Origin::environment: return "env";
    case Origin::flag: return "flag";
  }
  return "unknown";
}

SettingMap merge(SettingMap flags, SettingMap environment, SettingMap file) {
  flags.merge(environment);
  flags.merge(file);
  return flags;
}

Settings read_settings(const SettingMap& given) {
  Settings settings;
  Problems problems;
  for (const Flag& flag : flags()) {
    const auto found = given.find(flag.name);
    if (found != given.end()) set(flag, found->second, settings, problems);
  }
  if (const auto found = given.find("fault"); found != given.end())
    set_faults(found->second, settings, problems);
  complete_keys(settings);
  complete_measures(settings);
  // What was not understood may have been the way of counting.
  if (problems.texts.empty())
    for (const UnusedFlag& unused : unused_flags(settings, given))
      problems.add(given.find(unused.name)->second, unused.why);
  if (settings.job.from.empty()) settings.job.from.emplace_back("-");
  if (settings.job.to.empty()) settings.job.to.emplace_back("stdout:");
  if (!problems.texts.empty()) throw ConfigError(std::move(problems.texts), problems.on_command_line ? 64 : 78);
  return settings;
}

}  // namespace millrace::cli
