// Rows of panes: ranks, the same rows each time, and new ones when the pane has changed.
// SPDX-License-Identifier: Apache-2.0
#include "host/state/results.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/testing/manual_clock.h>

#include "kernels/key.h"

namespace millrace::results_test {
namespace {

/// Key, count, rank.
using Told = std::vector<std::tuple<std::string, std::int64_t, std::uint32_t>>;

Columns words(std::initializer_list<std::pair<std::string_view, std::int64_t>> counts) {
  Columns columns(0, unlimited_budget());
  for (const auto& [word, count] : counts)
    columns.append(make_key(word.data(), static_cast<std::uint32_t>(word.size()), hash_seed(1, 63)), {}, count);
  return columns;
}

class ResultsTest : public ::testing::Test {
 protected:
  Told shown(Pane pane = {}) {
    Told all;
    results_.write(pane, [&](std::span<const Aggregate> rows) {
      for (const Aggregate& row : rows) {
        EXPECT_EQ(row.kind, RowKind::put);
        all.emplace_back(row.key, row.count, row.rank);
      }
    });
    return all;
  }

  Plan plan_;
  testing::ManualClock clock_;
  PaneClock panes_{std::chrono::nanoseconds{0}, clock_};
  WorkerPool workers_{1};
  Results results_{{.plan = plan_, .panes = panes_, .workers = workers_, .budget = unlimited_budget()}};
};

TEST_F(ResultsTest, RowsAreTheSameEachTimeAndNewWhenTheirPaneHasChanged) {
  results_.merge({}, words({{"a", 2}, {"b", 1}}));
  const Told first = {{"a", 2, 0}, {"b", 1, 0}};
  EXPECT_EQ(shown(), first);
  EXPECT_EQ(shown(), first);
  results_.merge({}, words({{"b", 2}, {"c", 1}}));
  EXPECT_EQ(shown(), (Told{{"b", 3, 0}, {"a", 2, 0}, {"c", 1, 0}}));
  results_.forget({});
  EXPECT_EQ(shown(), Told{});
}

TEST_F(ResultsTest, RanksOfTheFirstRowsGoOnFromOnePieceToTheNext) {
  plan_.top = 2000;
  plan_.order = Order::key;
  for (std::int64_t i = 0; i < 2500; ++i) results_.merge({}, words({{std::to_string(10'000 + i), 10'000 - i}}));
  const Told rows = shown();
  ASSERT_EQ(rows.size(), 2000U);
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(std::get<2>(rows[i]), i + 1);
}

}  // namespace
}  // namespace millrace::results_test
