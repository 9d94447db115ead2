// Counts, examples and remedies.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/rejected_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "host/program/cli/terminal/human.h"

namespace millrace::cli {
namespace {

std::string counts_text(const Progress& progress, bool most) {
  const std::uint64_t total = progress.rejected_total();
  std::string text =
      most ? fmt::format("{} of {} records", human_count(total), human_count(total + progress.tokens))
           : fmt::format("{} {}", human_count(total), total == 1 ? "record" : "records");
  text += total == 1 ? " was not counted:" : " were not counted:";
  std::string_view separator = " ";
  for (std::size_t reason = 0; reason < kRejectReasons; ++reason) {
    if (progress.rejected.at(reason) == 0) continue;
    text += fmt::format("{}{} {}", separator, human_count(progress.rejected.at(reason)),
                        to_string(static_cast<RejectReason>(reason)));
    separator = ", ";
  }
  return text;
}

std::string problem_text(const BadRecord& bad) {
  if (bad.field == 0) return fmt::format("\"{}\"", bad.text);
  if (bad.reason == RejectReason::missing_field)
    return fmt::format("\"{}\" has no field {}", bad.text, bad.field);
  return fmt::format("field {} is \"{}\" in \"{}\"", bad.field, bad.field_text, bad.text);
}

std::string example_text(const BadRecord& bad) {
  return problem_text(bad) + bad.place();
}

/// The digits behind the point of a decimal; 0 if it is none.
std::size_t decimals_of(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const bool is_decimal = point != std::string_view::npos && point > 0 &&
                          text.find_first_not_of("0123456789.") == std::string_view::npos &&
                          text.find('.', point + 1) == std::string_view::npos;
  return is_decimal ? text.size() - point - 1 : 0;
}

std::string remedy_for_value(std::string_view text, const Plan& plan, bool most) {
  if (text.starts_with('"'))
    return "numbers in quotes are not understood yet: tr -d '\"' < FILE | millrace ...";
  if (text.starts_with(' ') || text.ends_with(' '))
    return "numbers have no blanks around them: tr -d ' ' < FILE | millrace ...";
  if (!most) return "";
  if (text.empty()) return "--value names a field that is empty";
  return fmt::format("--value names the fields of numbers, between \"{}\"",
                     plan.fields.delimiter == '\t' ? "tab" : std::string(1, plan.fields.delimiter));
}

/// What the first bad record that tells anything calls for.
std::string remedy(const Progress& progress, const Plan& plan, bool most) {
  std::size_t decimals = 0;
  for (const BadRecord& bad : progress.bad_records)
    if (bad.reason == RejectReason::malformed) decimals = std::max(decimals, decimals_of(bad.field_text));
  if (decimals > plan.fields.scale && decimals <= 18)
    return fmt::format("values have decimals: add --scale {}", decimals);
  for (const BadRecord& bad : progress.bad_records) {
    if (bad.field == 0) continue;
    const bool undivided = bad.text.find(plan.fields.delimiter) == std::string::npos;
    if (bad.reason == RejectReason::missing_field && most)
      return undivided ? "is --delimiter right? It is not in this record" : "are --key and --value right?";
    if (bad.reason == RejectReason::malformed)
      if (std::string text = remedy_for_value(bad.field_text, plan, most); !text.empty()) return text;
  }
  return "";
}

}  // namespace

std::string rejected_text(const Progress& progress, const Plan& plan) {
  const std::uint64_t total = progress.rejected_total();
  if (total == 0) return {};
  const bool most = total > progress.tokens;
  std::string text = counts_text(progress, most);
  std::string_view separator = total == progress.bad_records.size() ? "; " : ", such as: ";
  for (const BadRecord& bad : progress.bad_records) {
    text += std::string(separator) + example_text(bad);
    separator = "; ";
  }
  if (const std::string what_to_do = remedy(progress, plan, most); !what_to_do.empty())
    text += "; " + what_to_do;
  return text;
}

}  // namespace millrace::cli
