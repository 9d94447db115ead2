// What a plan makes of batches, in the plainest way: the answer that backends are compared with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/plan.h>
#include <millrace/types.h>

namespace millrace::reference {

using Wide = __int128;  // no sum of a test leaves it

struct Row {
  Wide count = 0;
  std::vector<Wide> values;  ///< one per value column of the plan
  friend bool operator==(const Row&, const Row&) = default;
};

struct Answer {
  std::map<Pane, std::map<std::string, Row>> panes;
  std::multimap<std::string, RejectReason> rejects;  ///< by the record's text

  /// Adds a partial to a row, reducing its values as the columns say.
  void add(Pane pane, const std::string& key, Wide count, const std::vector<Wide>& values,
           const std::vector<ValueColumn>& columns);
};

/// Adds what the plan makes of one batch.
void count(const Plan& plan, const Batch& batch, Answer& answer);

/// A decimal value times 10^scale, or the reason against it.
std::pair<Wide, std::optional<RejectReason>> value_of(std::string text, std::size_t scale);

/// The first difference in words; empty if there is none.
std::string difference(const Answer& actual, const Answer& expected);

}  // namespace millrace::reference
