// Names and order of the columns that a plan's rows have.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/sink.h>

namespace millrace {
namespace {

// One value column needs no number; several are numbered as the user numbers them.
std::string name_of(const Measure& measure, const Plan& plan) {
  std::string name(to_string(measure.reduction));
  if (measure.reduction == Reduction::count || input_values(plan) < 2) return name;
  return name + '_' + std::to_string(value_number(measure, plan));
}

}  // namespace

RowLayout row_layout(const Plan& plan) {
  RowLayout layout;
  layout.windowed = plan.every.count() > 0;
  layout.measures = plan.measures;
  for (const Measure& measure : plan.measures) layout.names.push_back(name_of(measure, plan));
  layout.scale = plan.keyed_by == KeyedBy::fields ? plan.fields.scale : 0;
  return layout;
}

}  // namespace millrace
