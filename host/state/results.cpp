// Rows of a pane: ordered anew each time, as they are rarely shown twice.
// SPDX-License-Identifier: Apache-2.0
#include "host/state/results.h"

#include <algorithm>

#include "host/state/row_order.h"

namespace millrace {

bool Results::has_rows(std::span<const Pane> closed) {
  return std::ranges::any_of(
      closed, [this](Pane pane) { return !shared_.panes.windowed() || state_of(pane).size() > 0; });
}

void Results::write(Pane pane, const RowWriter::Receive& receive) {
  const PaneState& state = state_of(pane);
  const auto order = ordered_rows(state, shared_.plan, shared_.budget, shared_.threads);
  RowWriter writer(state, shared_.plan.measures, columns_, shared_.panes.window(pane));
  writer.write(order, receive);
}

}  // namespace millrace
