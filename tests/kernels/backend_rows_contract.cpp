// What every backend promises of rows: values that reach every border, and keys wherever the host has put them.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include "tests/kernels/backend_contract.h"
#include "tests/kernels/backend_plans.h"

namespace millrace {
namespace {

Plan counted_rows() {
  Plan plan;
  plan.keyed_by = KeyedBy::rows;
  return plan;
}

// Without values they are counted, with values they are reduced: each way notes where the keys are.
void add_values(const Plan& plan, TestBatch& batch) {
  batch.has_rows = true;
  for (std::size_t i = 0; i < plan.row_values * batch.key_at.size(); ++i)
    batch.values.push_back(static_cast<std::int64_t>(i % 100) - 50);
}

}  // namespace

TEST_P(BackendContract, ReducesRows) {
  TestBatch batch;
  batch.bytes = "keylonger-keykey\n";
  batch.has_rows = true;
  batch.key_at = {0, 3, 13, 0, 0, 3};
  batch.key_length = {3, 10, 3, 0, 1, 10};
  batch.values = {1, -2, 3, 4, INT64_MAX, 6, 10, 20, 30, 40, 50, INT64_MIN};
  TestBatch none;
  none.has_rows = true;
  expect_right(rows_plan(), {batch, none, batch});
}

TEST_P(BackendContract, SumsNeverWrap) {
  TestBatch up;
  up.bytes = "key longer-key";
  up.has_rows = true;
  for (int i = 0; i < 50; ++i) {
    up.key_at.insert(up.key_at.end(), {0, 4});
    up.key_length.insert(up.key_length.end(), {3, 10});
  }
  up.values.assign(200, INT64_MAX);
  TestBatch down = up;
  down.values.assign(200, INT64_MIN);
  expect_right(rows_plan(), {up, up, down});
  expect_right(rows_plan(), {down, down, down, down, down});
}

// Each batch fits alone, and all of them do not.
TEST_P(BackendContract, SumsDoNotWrapOverBatchesThatFit) {
  TestBatch most;
  most.bytes = "longer-key";
  most.has_rows = true;
  most.key_at = {0};
  most.key_length = {10};
  for (const std::int64_t value : {std::int64_t{1} << 62, -(std::int64_t{1} << 62) - 1}) {
    most.values = {value, value};
    TestBatch none = most;
    none.values = {0, 0};
    expect_right(rows_plan(), {most, none, most, most});
  }
}

// A key's only value is where minimum and maximum begin.
TEST_P(BackendContract, ValuesMayBeTheLargestAndTheSmallest) {
  Plan plan = rows_plan();
  plan.measures = {{Reduction::min, 0}, {Reduction::max, 1}, {Reduction::max, 0}, {Reduction::min, 1}};
  TestBatch batch;
  batch.bytes = "key longer-key";
  batch.has_rows = true;
  batch.key_at = {0, 4};
  batch.key_length = {3, 10};
  batch.values = {INT64_MAX, INT64_MIN, INT64_MIN, INT64_MAX};
  expect_right(plan, {batch});
  expect_right(plan, {batch, batch});
}

TEST_P(BackendContract, RowsWhoseKeysFillMoreThan64KiB) {
  for (const Plan& plan : {counted_rows(), rows_plan()}) {
    std::vector<TestBatch> batches;
    for (const std::uint32_t length : {1U, 2U, 4U, 7U, 8U, 15U, 16U, 64U}) {
      TestBatch& batch = batches.emplace_back();
      for (std::uint32_t at = 0; at < 80'000; at += length) {
        std::string key = std::to_string(at / length % 50);
        key.resize(length, 'k');
        batch.bytes += key;
        batch.key_at.push_back(at);
        batch.key_length.push_back(length);
      }
      add_values(plan, batch);
    }
    expect_right(plan, batches);
  }
}

// The last byte of a key, and all of it, may lie so far behind the first key.
TEST_P(BackendContract, RowsWhoseKeysEndAround64KiB) {
  for (const Plan& plan : {counted_rows(), rows_plan()}) {
    std::vector<TestBatch> batches;
    for (std::uint32_t end = 65'533; end <= 65'539; ++end)
      for (const std::uint32_t length : {0U, 1U, 7U, 8U, 15U, 16U, 65'534U, 65'535U, 65'536U, 65'537U}) {
        if (length > end) continue;
        TestBatch& batch = batches.emplace_back();
        batch.bytes = "first" + std::string(70'000, 'x');
        batch.bytes[end - 1] = 'y';
        batch.key_at = {0, end - length, end, 0};
        batch.key_length = {5, length, 10, 5};
        add_values(plan, batch);
      }
    expect_right(plan, batches);
  }
}

}  // namespace millrace
