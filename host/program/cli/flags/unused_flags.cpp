// Which flags belong to which ways of counting.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/unused_flags.h"

#include <algorithm>
#include <array>

namespace millrace::cli {
namespace {

struct Belonging {
  std::string_view flag;
  std::array<KeyedBy, 2> users;  ///< the ways of counting that use it
  std::string_view instead = {};
};

/// Flags that are not here belong to all.
constexpr std::array kBelongings = {
    Belonging{
        "fold-case", {KeyedBy::words, KeyedBy::words}, "; or fold before: tr A-Z a-z < FILE | millrace ..."},
    Belonging{"alphanumeric", {KeyedBy::words, KeyedBy::words}},
    Belonging{"delimiter", {KeyedBy::fields, KeyedBy::split}},
    Belonging{"key", {KeyedBy::fields, KeyedBy::fields}},
    Belonging{"value", {KeyedBy::fields, KeyedBy::fields}},
    Belonging{"scale", {KeyedBy::fields, KeyedBy::fields}},
    Belonging{"measure", {KeyedBy::fields, KeyedBy::fields}},
};

std::string belongs(const Belonging& belonging, KeyedBy keyed_by) {
  const auto& [first, second] = belonging.users;
  std::string users = "--by " + std::string(to_string(first));
  if (second != first) users += " or --by " + std::string(to_string(second));
  return "belongs to " + users + ", and this job counts --by " + std::string(to_string(keyed_by)) + ": give " +
         users + ", or leave it out" + std::string(belonging.instead);
}

bool only_counts(const Settings& settings) {
  return std::ranges::all_of(settings.job.plan.measures,
                             [](const Measure& measure) { return measure.reduction == Reduction::count; });
}

}  // namespace

std::vector<UnusedFlag> unused_flags(const Settings& settings, const SettingMap& given) {
  std::vector<UnusedFlag> unused;
  const Plan& plan = settings.job.plan;
  const auto asks = [&](std::string_view flag) {
    const auto found = given.find(flag);
    return found != given.end() && !found->second.texts.empty() && found->second.texts.back() != "false";
  };
  for (const Belonging& belonging : kBelongings) {
    const bool counts = belonging.flag == "measure" && only_counts(settings);  // all ways do
    if (!asks(belonging.flag) || counts) continue;
    if (std::ranges::find(belonging.users, plan.keyed_by) == belonging.users.end())
      unused.push_back({belonging.flag, belongs(belonging, plan.keyed_by)});
  }
  if (asks("scale") && plan.keyed_by == KeyedBy::fields && plan.fields.values.empty())
    unused.push_back({"scale", "belongs to values: name their fields, as in --value 2, or leave it out"});
  if (asks("accept-gap") && settings.job.checkpoint.empty())
    unused.push_back({"accept-gap", "belongs to --checkpoint DIR: give both, or leave it out"});
  if (asks("commit-every") && settings.job.checkpoint.empty())
    unused.push_back(
        {"commit-every", "belongs to --checkpoint DIR: give both, or for rows per second --every 1s"});
  return unused;
}

}  // namespace millrace::cli
