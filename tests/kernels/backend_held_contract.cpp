// What every backend promises of what it says that it holds.
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "tests/kernels/backend_contract.h"
#include "tests/kernels/backend_plans.h"

namespace millrace {
namespace {

/// Adds up what a collect brings.
struct Weighed final : PartialSink {
  explicit Weighed(std::size_t columns) : row_bytes((3 + columns) * 8) {}
  void add(const Partials& partials) override {
    bytes += partials.keys.size() * row_bytes;
    for (const std::string_view text : partials.texts) bytes += text.size();
  }
  std::size_t row_bytes;
  std::size_t bytes = 0;
};

/// Counts a batch, and collects its pane when there is no room.
void count(Backend& backend, TestBatch& batch, PartialSink& sink) {
  for (;;) {
    backend.submit(batch.view(0));
    if (backend.reclaim(Wait::yes)->counted) return;
    backend.collect(batch.pane, sink);
  }
}

}  // namespace

// Never less than what comes, pane by pane, and of keys that are there once not many times as much.
TEST_P(BackendContract, SaysHowMuchItHolds) {
  for (Plan plan : {Plan{}, fields_plan(), rows_plan()}) {
    plan.every = std::chrono::seconds(1);  // two panes are open
    const auto backend = make(plan);
    EXPECT_EQ(backend->held_bytes(), 0U);
    Weighed weighed(value_columns(plan.measures).size());
    for (int i = 0; i < 8; ++i) {
      std::vector<std::string> keys;
      for (int k = 0; k < 200; ++k)
        keys.push_back(std::to_string(1000 * i + k) + std::string(static_cast<std::size_t>(k % 50), 'k'));
      TestBatch batch = rows_batch(plan, keys, {i % 2});
      count(*backend, batch, weighed);
    }
    for (const int pane : {0, 1}) {
      const std::size_t held = backend->held_bytes();
      const std::size_t before = weighed.bytes;
      backend->collect({pane}, weighed);
      const std::size_t brought = weighed.bytes - before;
      EXPECT_GE(held, backend->held_bytes() + brought) << to_string(plan.keyed_by) << ", pane " << pane;
      EXPECT_LE(held, backend->held_bytes() + 3 * brought) << to_string(plan.keyed_by) << ", pane " << pane;
    }
    EXPECT_GT(weighed.bytes, 8 * 200 * weighed.row_bytes);
    EXPECT_EQ(backend->held_bytes(), 0U);
  }
}

// What is set aside lest a sum wraps is held, too.
TEST_P(BackendContract, HoldsWhatCameOfSumsThatWouldWrap) {
  const Plan plan = fields_plan();
  const auto backend = make(plan);
  Weighed weighed(value_columns(plan.measures).size());
  TestBatch most = text_batch("longer-key,92233720368547758,1\nshort,92233720368547758,1\n");
  for (int i = 0; i < 20; ++i) count(*backend, most, weighed);
  const std::size_t before = weighed.bytes;
  const std::size_t held = backend->held_bytes();
  EXPECT_GT(held, 0U);
  backend->collect({}, weighed);
  EXPECT_GE(held, weighed.bytes - before);
  EXPECT_EQ(backend->held_bytes(), 0U);
}

}  // namespace millrace
