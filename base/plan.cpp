// What a plan needs of the backend, and what is wrong with it.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/plan.h>

#include <algorithm>

namespace millrace {
namespace {

ValueColumn column_for(const Measure& measure) {
  switch (measure.reduction) {
    case Reduction::min: return {Combine::min, measure.value};
    case Reduction::max: return {Combine::max, measure.value};
    case Reduction::count:
    case Reduction::sum:
    case Reduction::mean: break;
  }
  return {Combine::sum, measure.value};
}

// Fields count from 1: a field 0 is one that was counted from 0, or never named.
bool names_field_0(const FieldRule& rule) {
  return rule.key == 0 || std::ranges::find(rule.values, 0U) != rule.values.end();
}

}  // namespace

std::vector<ValueColumn> value_columns(std::span<const Measure> measures) {
  std::vector<ValueColumn> columns;
  for (const Measure& measure : measures) {
    if (measure.reduction == Reduction::count || column_of(measure, columns)) continue;
    columns.push_back(column_for(measure));
  }
  return columns;
}

std::optional<std::size_t> column_of(const Measure& measure, std::span<const ValueColumn> columns) {
  if (measure.reduction == Reduction::count) return std::nullopt;
  const auto found = std::ranges::find(columns, column_for(measure));
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

std::size_t input_values(const Plan& plan) {
  switch (plan.keyed_by) {
    case KeyedBy::fields: return plan.fields.values.size();
    case KeyedBy::rows: return plan.row_values;
    case KeyedBy::words:
    case KeyedBy::split:
    case KeyedBy::record: break;
  }
  return 0;
}

std::uint32_t value_number(const Measure& measure, const Plan& plan) {
  return plan.keyed_by == KeyedBy::fields ? plan.fields.values.at(measure.value) : measure.value;
}

std::vector<std::string> problems(const Plan& plan) {
  std::vector<std::string> found;
  if (plan.measures.empty()) found.emplace_back("the job measures nothing: add a count or a sum");
  if (plan.measures.size() > kMeasuresMax || input_values(plan) > kMeasuresMax) {
    found.emplace_back("a job has at most 1024 measures and as many values: name fewer");
    return found;
  }
  for (const Measure& measure : plan.measures) {
    if (measure.reduction == Reduction::count || measure.value < input_values(plan)) continue;
    found.push_back(std::string(to_string(measure.reduction)) + " needs a value: name the field that holds it");
  }
  if (plan.keyed_by != KeyedBy::rows && plan.row_values != 0)
    found.emplace_back("row_values belong to rows: key the job by rows");
  if (plan.keyed_by == KeyedBy::fields && names_field_0(plan.fields))
    found.emplace_back("there is no field 0: fields count from 1, as in cut: the first is 1");
  if (plan.fields.scale > 18)
    found.emplace_back("the scale is above 18: 64 bits hold at most 18 decimal places");
  if (plan.fields.delimiter == '\n' || plan.fields.delimiter == '\r')
    found.emplace_back("the delimiter is a line end: choose another byte");
  if (plan.every.count() < 0)
    found.emplace_back("the window length is negative: give a positive one, or 0 for none");
  if (plan.every.count() > 0 && plan.every < std::chrono::milliseconds{1})
    found.emplace_back("windows are shorter than 1ms: give at least 1ms");
  return found;
}

}  // namespace millrace
