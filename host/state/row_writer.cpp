// From state to aggregates.
// SPDX-License-Identifier: Apache-2.0
#include "host/state/row_writer.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr std::size_t kRowsAtOnce = 1024;

}  // namespace

RowWriter::RowWriter(const PaneState& state, std::span<const Measure> measures,
                     std::span<const ValueColumn> columns, std::optional<Window> window)
    : state_(state),
      measures_(measures),
      window_(window),
      scratch_(kRowsAtOnce),
      values_(kRowsAtOnce * measures.size()) {
  for (const Measure& measure : measures) column_of_measure_.push_back(column_of(measure, columns));
}

void RowWriter::write(const OrderedRows& ordered, const Receive& receive) {
  const std::span rows(ordered.rows);
  for (std::size_t begin = 0; begin < rows.size(); begin += kRowsAtOnce) {
    const auto chunk = rows.subspan(begin, std::min(rows.size() - begin, kRowsAtOnce));
    aggregates_.clear();
    for (const std::size_t row : chunk) state_.prefetch(row);
    for (const std::size_t row : chunk)
      if (!is_packed(state_.key(row))) state_.prefetch_text_end(row);
    for (const std::size_t row : chunk)
      if (!is_packed(state_.key(row))) state_.prefetch_text(row);
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      const std::size_t row = chunk[i];
      const std::span values = std::span(values_).subspan(i * measures_.size(), measures_.size());
      for (std::size_t measure = 0; measure < values.size(); ++measure) values[measure] = result(row, measure);
      aggregates_.push_back({.window = window_,
                             .key = state_.text(row, scratch_[i].bytes),
                             .count = state_.count(row),
                             .values = values,
                             .rank = ordered.ranks.empty() ? 0 : ordered.ranks[begin + i]});
    }
    receive(aggregates_);
  }
}

Int128 RowWriter::result(std::size_t row, std::size_t measure) const {
  if (!column_of_measure_[measure]) return state_.count(row);
  return state_.value(row, *column_of_measure_[measure]);
}

}  // namespace millrace
