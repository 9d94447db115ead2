// What every backend promises of a job that has batches of text and batches of rows.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tests/kernels/backend_contract.h"
#include "tests/kernels/backend_plans.h"
#include "tests/support/property.h"

namespace millrace {
namespace {

Plan folding() {
  Plan plan;
  plan.words = {.fold_case = true, .alphanumeric = true};
  return plan;
}

/// Every way in which a backend finds keys itself.
std::vector<Plan> finding_plans() {
  return {Plan{}, folding(), split_plan(','), record_plan(), fields_plan()};
}

/// Keys of every length class, those that a record of any plan may be among them.
std::vector<std::string> keys_of_all_lengths() {
  std::vector<std::string> keys;
  for (const std::size_t length : {1U, 3U, 7U, 8U, 12U, 15U, 16U, 40U, 255U, 256U, 263U, 264U, 700U})
    keys.emplace_back(length, 'k');
  return keys;
}

/// A record that has the key for any plan.
std::string record_of(const Plan& plan, const std::string& key) {
  return plan.keyed_by == KeyedBy::fields ? key + ",1.5,-2" : key;
}

TestBatch lines(const Plan& plan, const std::vector<std::string>& keys, Pane pane = {}) {
  std::string text;
  for (const std::string& key : keys) text += record_of(plan, key) + '\n';
  return text_batch(text, pane);
}

TestBatch messages(const Plan& plan, const std::vector<std::string>& keys, Pane pane = {}) {
  std::vector<std::string> records;
  for (const std::string& key : keys) records.push_back(record_of(plan, key));
  return message_batch(records, pane);
}

}  // namespace

TEST_P(BackendContract, KeysOfBothKindsMeet) {
  const std::vector<std::string> keys = keys_of_all_lengths();
  for (const Plan& plan : finding_plans()) {
    const TestBatch rows = rows_batch(plan, keys);
    expect_right(plan, {lines(plan, keys), rows, messages(plan, keys)});
    expect_right(plan, {rows, lines(plan, keys), rows, rows, messages(plan, keys), rows});
  }
}

TEST_P(BackendContract, PanesHaveBatchesOfBothKinds) {
  const std::vector<std::string> keys = keys_of_all_lengths();
  for (const Plan& plan : finding_plans()) {
    std::vector<TestBatch> batches;
    for (int i = 0; i < 12; ++i) {
      const Pane pane{i % 3};
      batches.push_back(i % 2 == 0   ? rows_batch(plan, keys, pane)
                        : i % 4 == 1 ? lines(plan, keys, pane)
                                     : messages(plan, keys, pane));
    }
    expect_right(plan, batches);
  }
}

// What the host has found is not looked through again: separators, delimiters and capitals are parts of keys.
TEST_P(BackendContract, KeysOfRowsAreTakenAsTheyAre) {
  const std::vector<std::string> keys = {"",       "a b",          "A",  "a,1,1", "a\nb", "LONGER-Than-Eight",
                                         "q\"x,y", "it's, \"so\"", "\r", "a\r\n", ",",    "longer-than-eight"};
  for (const Plan& plan : finding_plans()) {
    TestBatch none = rows_batch(plan, {});
    none.bytes = "no row,1,1\nhas this text\n";
    expect_right(plan, {lines(plan, {"a", "longer-than-eight", "A"}), rows_batch(plan, keys), none});
  }
}

TEST_P(BackendContract, SumsOfBothKindsNeverWrap) {
  const Plan plan = fields_plan();
  const TestBatch up = text_batch("key,92233720368547758.07,92233720368547758.07\n");
  for (const std::string& key : {std::string("key"), std::string("longer-key")}) {
    const TestBatch most = rows_batch(plan, {key}, {}, std::numeric_limits<std::int64_t>::max() / 2);
    const TestBatch least = rows_batch(plan, {key}, {}, std::numeric_limits<std::int64_t>::min() / 2);
    expect_right(plan, {up, most, up, least, least, least, most});
  }
}

TEST_P(BackendContract, RefusesTextsWhereOnlyTheHostFindsKeys) {
  const auto backend = make(rows_plan());
  TestBatch text = text_batch("a,1,1\n");
  EXPECT_THROW(backend->submit(text.view(0)), InternalError);
}

TEST_P(BackendContract, RefusesRowsThatHaveNotTheValuesOfThePlan) {
  for (const Plan& plan : {Plan{}, fields_plan(), rows_plan()}) {
    TestBatch row = rows_batch(plan, {"key"});
    row.values.push_back(1);
    EXPECT_THROW(make(plan)->submit(row.view(0)), InternalError);
    row.values.resize(1);
    EXPECT_THROW(make(plan)->submit(row.view(0)), InternalError);
  }
}

// Rows with the keys that the plan finds in the records, between batches of these.
TEST_P(BackendContract, AnyMixtureGivesTheReferencesRows) {
  check_property(GetParam().cuttings, [this] {
    const Plan plan = *any_plan();
    const std::vector<std::string> records = *any_records();
    std::vector<TestBatch> batches = *any_cutting(records);
    std::vector<TestBatch> of_text = batches;
    std::vector<std::string> keys = {"a", "longerword"};
    reference::Answer found = expected_of(plan, of_text);
    for (const auto& [key, row] : found.panes[{}]) keys.push_back(key);
    for (int n = *rc::gen::inRange(1, 4); n > 0; --n) {
      TestBatch rows =
          rows_batch(plan, *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(keys)));
      for (std::int64_t& value : rows.values) value = *rc::gen::arbitrary<std::int64_t>();
      batches.push_back(rows);
      std::swap(batches.back(), batches[*rc::gen::inRange<std::size_t>(0, batches.size())]);
    }
    for (TestBatch& batch : batches) batch.pane = {*rc::gen::inRange(0, 2)};
    BackendOptions options = options_;
    options.threads = GetParam().threads;
    options.hash_bits = *rc::gen::inRange(0U, 64U);
    const auto backend = GetParam().make(plan, options);
    const reference::Answer actual = answer_of(*backend, plan, batches);
    RC_ASSERT(reference::difference(actual, expected_of(plan, batches)) == std::string());
  });
}

}  // namespace millrace
