// The CPU backend with inputs that reach its inner limits: stretches, full lists, tables beyond the caches.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "tests/kernels/backend_plans.h"
#include "tests/kernels/test_batches.h"

namespace millrace::cpu_inputs_test {
namespace {

constexpr std::size_t kStretch = 16 << 10;

/// Keys with and without values, and words, that reach to, on and far beyond the end of a stretch; short and
/// empty records between them, so that the first of a stretch is none of a batch.
std::vector<std::string> records_around_stretches() {
  std::vector<std::string> records;
  for (const std::size_t length :
       {std::size_t{1}, kStretch - 4, kStretch - 1, kStretch, kStretch + 1, 3 * kStretch}) {
    std::string words;
    while (words.size() < length) words += "Word-" + std::to_string(words.size() % 7) + ' ';
    words.resize(length);
    records.insert(records.end(), {std::string(length, 'k') + ",1,2.5", "k,3,-0.25", words, "",
                                   std::string(length, 'x'), "k,4,4", "a b A B, ,"});
  }
  return records;
}

void expect_right(const Plan& plan, std::vector<TestBatch> batches, const char* what) {
  const auto backend = make_cpu_backend(plan, {.hash_seed = 1});
  EXPECT_EQ(reference::difference(answer_of(*backend, plan, batches), expected_of(plan, batches)), "") << what;
}

TEST(CpuBackendInputs, RecordsAroundStretchesAreCountedWholeOrRejectedWhole) {
  const std::vector<std::string> records = records_around_stretches();
  std::string lines;
  for (const std::string& record : records) lines += record + '\n';
  for (const Plan& plan : {Plan{}, Plan{.words = {.fold_case = true, .alphanumeric = true}}, record_plan(),
                           split_plan(','), split_plan(' '), fields_plan()}) {
    expect_right(plan, {message_batch(records)}, "messages");
    expect_right(plan, {text_batch(lines)}, "lines");
  }
}

// More than any stretch of bytes has.
TEST(CpuBackendInputs, EmptyMessagesFillAListOfKeysWithoutTakingBytes) {
  std::vector<std::string> messages(3 * kStretch, "");
  messages.emplace_back("last,1,1");
  for (const Plan& plan : {record_plan(), split_plan(','), fields_plan()})
    expect_right(plan, {message_batch(messages)}, "empty messages");
}

/// Says how many rows come, and how many of them have another count than two.
struct CountsOfTwo final : PartialSink {
  void add(const Partials& partials) override {
    for (const std::int64_t count : partials.counts) {
      ++rows;
      others += count == 2 ? 0 : 1;
    }
  }
  int rows = 0;
  int others = 0;
};

// Tables that the caches do not hold are filled in another way: enough keys of each class of length for that.
TEST(CpuBackendInputs, KeysBeyondTheCachesAreCountedAsOften) {
  constexpr int kKeys = 150'000;
  for (const char* ending : {"", "-medium", "-and-long-ones"}) {
    const auto backend = make_cpu_backend(Plan{}, {.hash_seed = 1});
    std::string text;
    for (int i = 0; i < kKeys; ++i) text += std::to_string(1'000'000 + i) + ending + ' ';
    TestBatch batch = text_batch(text);
    for (int repeat = 0; repeat < 2; ++repeat) {
      backend->submit(batch.view(0));
      ASSERT_TRUE(backend->reclaim(Wait::yes));
    }
    CountsOfTwo counts;
    backend->collect({}, counts);
    EXPECT_EQ(counts.rows, kKeys) << ending;
    EXPECT_EQ(counts.others, 0) << ending;
  }
}

/// The keys of a pane as they come.
struct KeysInOrder final : PartialSink {
  void add(const Partials& partials) override {
    keys.insert(keys.end(), partials.keys.begin(), partials.keys.end());
  }
  std::vector<Key> keys;
};

std::vector<Key> keys_with(std::uint64_t seed, const std::string& text) {
  const auto backend = make_cpu_backend(Plan{}, {.hash_seed = seed});
  TestBatch batch = text_batch(text);
  backend->submit(batch.view(0));
  EXPECT_TRUE(backend->reclaim(Wait::yes));
  KeysInOrder order;
  backend->collect({}, order);
  return order.keys;
}

// Whoever knew the places of keys in tables, or their hashes, could choose keys that all fall into one place.
TEST(CpuBackendInputs, PlacesAndHashesOfKeysDependOnTheSeed) {
  std::string short_words;
  for (int i = 0; i < 100; ++i) short_words += std::to_string(i) + ' ';
  EXPECT_EQ(keys_with(1, short_words), keys_with(1, short_words));
  EXPECT_NE(keys_with(1, short_words), keys_with(2, short_words)) << "the order of tables";
  EXPECT_NE(keys_with(1, "one-longer-word"), keys_with(2, "one-longer-word")) << "the hash of a long key";
}

TEST(CpuBackendInputs, PlansAndBatchesThatDoNotFitAreRefused) {
  Plan plan = rows_plan();
  plan.measures = {{Reduction::sum, 2}};
  EXPECT_THROW(make_cpu_backend(plan, {}), InternalError) << "a value that rows do not have";

  TestBatch text = text_batch("a b\n");
  Batch batch = text.view(0);
  batch.bytes = {batch.bytes.data(), kBatchBytesMax + 1};  // nothing of it is read
  EXPECT_THROW(make_cpu_backend(Plan{}, {})->submit(batch), InternalError);
}

/// What is taken from the budget after panes of so many words each.
std::vector<std::size_t> used_after(const std::vector<int>& panes) {
  MemoryBudget budget(std::size_t{1} << 30);
  const auto backend = make_cpu_backend(Plan{}, {.threads = 1, .budget = &budget});
  Driver driver(*backend, Plan{});
  TestBatch none = text_batch("", {-1});
  driver.submit(none);
  driver.take_back_all();
  std::vector<std::size_t> used = {budget.used()};  // the worker has its scratch memory
  for (std::size_t pane = 0; pane < panes.size(); ++pane) {
    std::string text;
    for (int i = 0; i < panes[pane]; ++i) text += std::to_string(i) + ' ';
    TestBatch batch = text_batch(text, {static_cast<std::int64_t>(pane)});
    driver.submit(batch);
    driver.take_back_all();
    driver.collect({static_cast<std::int64_t>(pane)});
    used.push_back(budget.used());
  }
  return used;
}

TEST(CpuBackendInputs, TablesAreKeptFromTheSecondPaneOnIfTheNextOnesFillThem) {
  const std::vector<std::size_t> used = used_after({20'000, 20'000, 10});
  EXPECT_EQ(used[1], used[0]) << "a job that has one pane needs them no more";
  EXPECT_GT(used[2], used[0]);
  EXPECT_EQ(used[3], used[0]) << "clearing large tables for a few words takes longer than new ones";
}

}  // namespace
}  // namespace millrace::cpu_inputs_test
