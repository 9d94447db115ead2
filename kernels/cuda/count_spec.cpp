// From Plan to CountSpec.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/count_spec.h"

#include <algorithm>
#include <vector>

namespace millrace::cuda {

CountSpec count_spec(const Plan& plan, const HashSeed& hash) {
  const std::vector<ValueColumn> columns = value_columns(plan.measures);
  CountSpec rule;
  rule.hash = hash;
  rule.keyed_by = plan.keyed_by;
  rule.fold_case = plan.keyed_by == KeyedBy::words && plan.words.fold_case;
  rule.alphanumeric = plan.words.alphanumeric;
  rule.columns = static_cast<std::uint32_t>(columns.size());
  std::ranges::copy(columns, rule.column);
  rule.has_sums = std::ranges::any_of(columns, [](ValueColumn c) { return c.combine == Combine::sum; });
  rule.inputs = static_cast<std::uint32_t>(input_values(plan));
  rule.fields = {.delimiter = plan.fields.delimiter,
                 .key = plan.fields.key,
                 .values = nullptr,
                 .value_count = static_cast<std::uint32_t>(plan.fields.values.size()),
                 .scale = plan.fields.scale};
  return rule;
}

CountSpec count_spec_of_rows(CountSpec rule) {
  rule.fold_case = false;
  return rule;
}

}  // namespace millrace::cuda
