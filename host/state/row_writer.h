// Streams rows out of a PaneState: aggregates are made a thousand at a time, never all at once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <millrace/plan.h>
#include <millrace/types.h>

#include "host/state/pane_state.h"
#include "host/state/row_order.h"

namespace millrace {

class RowWriter {
 public:
  using Receive = std::function<void(std::span<const Aggregate>)>;

  RowWriter(const PaneState& state, std::span<const Measure> measures, std::span<const ValueColumn> columns,
            std::optional<Window> window);

  /// Hands the rows over in the given order.
  void write(const OrderedRows& ordered, const Receive& receive);

 private:
  struct Scratch {
    char bytes[8];
  };
  Int128 result(std::size_t row, std::size_t measure) const;

  const PaneState& state_;
  std::span<const Measure> measures_;
  std::vector<std::optional<std::size_t>> column_of_measure_;
  std::optional<Window> window_;
  std::vector<Scratch> scratch_;
  std::vector<Int128> values_;
  std::vector<Aggregate> aggregates_;
};

}  // namespace millrace
