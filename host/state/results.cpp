// Rows of a pane, in an order that is made when they are shown first.
// SPDX-License-Identifier: Apache-2.0
#include "host/state/results.h"

#include <algorithm>
#include <utility>

namespace millrace {

void Results::merge(Pane pane, Columns&& partials) {
  Result& result = result_of(pane);
  result.order.reset();
  result.state.merge(std::move(partials));
}

bool Results::has_rows(std::span<const Pane> closed) {
  return std::ranges::any_of(
      closed, [this](Pane pane) { return !shared_.panes.windowed() || result_of(pane).state.size() > 0; });
}

void Results::write(Pane pane, const RowWriter::Receive& receive) {
  Result& result = result_of(pane);
  if (!result.order) result.order = ordered_rows(result.state, shared_.plan, shared_.budget, shared_.workers);
  RowWriter writer(result.state, shared_.plan.measures, columns_, shared_.panes.window(pane));
  writer.write(*result.order, receive);
}

}  // namespace millrace
