// The CPU backend: the contract, and what it promises beyond it.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/kernels/backend_contract.h"
#include "tests/kernels/backend_plans.h"
#include "tests/support/crafted_keys.h"

namespace millrace::cpu_backend_test {

INSTANTIATE_TEST_SUITE_P(Cpu, BackendContract,
                         ::testing::Values(BackendCase{"cpu", make_cpu_backend, 1, 1500},
                                           BackendCase{"cpu", make_cpu_backend, 2, 1500},
                                           BackendCase{"cpu", make_cpu_backend, 3},
                                           BackendCase{"cpu", make_cpu_backend, 4}),
                         ::testing::PrintToStringParamName());

namespace {

class CpuBackend : public ::testing::TestWithParam<unsigned> {
 protected:
  std::unique_ptr<Backend> make(const Plan& plan) const {
    return make_cpu_backend(plan, {.threads = GetParam(), .hash_seed = 1});
  }
};

TEST_P(CpuBackend, SaysWhatItIs) {
  const auto backend = make(Plan{});
  EXPECT_EQ(backend->name(), "cpu");
  EXPECT_FALSE(backend->may_fail());
  EXPECT_EQ(backend->batch_bytes(), std::size_t{1} << 20);
  EXPECT_EQ(backend->in_flight_max(), GetParam());
  EXPECT_EQ(make_cpu_backend(Plan{}, {.batch_bytes = 4096})->batch_bytes(), 4096U);
}

TEST_P(CpuBackend, RefusesBatchesThatAreNone) {
  const auto backend = make(Plan{});
  TestBatch text = text_batch("a b\n");
  Batch batch = text.view(0);
  const std::array<std::uint32_t, 1> beyond = {5};
  batch.ends = beyond;
  EXPECT_THROW(backend->submit(batch), InternalError);
  batch = text.view(0);
  batch.rows.key_at = beyond;
  EXPECT_THROW(backend->submit(batch), InternalError);
}

TEST_P(CpuBackend, KeysAreUniqueAndComeInChunks) {
  const Plan plan;
  const auto backend = make(plan);
  Driver driver(*backend, plan);
  std::vector<TestBatch> batches;
  for (int b = 0; b < 8; ++b) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += std::to_string(b * 10'000 + i) + (i % 3 == 0 ? "-and-more " : " ");
    batches.push_back(text_batch(text));
  }
  for (TestBatch& batch : batches) driver.submit(batch);
  driver.take_back_all();
  const Gather gather = driver.collect({});
  EXPECT_TRUE(gather.all_unique());
  EXPECT_GT(gather.calls(), 1);
  EXPECT_EQ(reference::difference(driver.answer, expected_of(plan, batches)), "");
}

TEST_P(CpuBackend, SpilledSumsAreNotUnique) {
  const Plan plan = fields_plan();
  const auto backend = make(plan);
  Driver driver(*backend, plan);
  TestBatch batch = text_batch("k,92233720368547758,0\nk,92233720368547758,0\n");
  driver.submit(batch);
  driver.take_back_all();
  EXPECT_FALSE(driver.collect({}).all_unique());
}

// The memory of a pane that is over serves the next ones, which must find nothing in it.
TEST_P(CpuBackend, PanesDoNotSeeWhatWasBeforeThem) {
  for (const Plan& plan : {Plan{}, fields_plan()}) {
    const auto backend = make(plan);
    Driver driver(*backend, plan);
    reference::Answer expected;
    for (int pane = 0; pane < 6; ++pane) {
      std::vector<TestBatch> batches;
      for (int b = 0; b < 4; ++b) {
        const std::string spilled = "spilled," + std::to_string(92233720368547758 - pane) + ",0\n";
        std::string text = spilled + spilled;
        for (int i = 0; i < 3000; ++i)
          text +=
              std::to_string(pane * 1500 + i) + std::string(static_cast<std::size_t>(i % 20), 'x') + ",1,-2\n";
        batches.push_back(text_batch(text, {pane}));
        reference::count(plan, batches.back().view(0), expected);
      }
      for (TestBatch& batch : batches) driver.submit(batch);
      driver.take_back_all();
      driver.collect({pane});
      ASSERT_EQ(reference::difference(driver.answer, expected), "") << pane;
    }
  }
}

/// What is taken from the budget after each of several panes of the same long words.
std::vector<std::size_t> used_after_panes(MemoryBudget& budget) {
  const auto backend = make_cpu_backend(Plan{}, {.threads = 1, .budget = &budget});
  Driver driver(*backend, Plan{});
  std::string text;
  for (int i = 0; i < 2000; ++i) text += std::to_string(10'000 + i) + "-and-twenty-five-bytes-more ";
  std::vector<std::size_t> used = {budget.used()};
  for (std::int64_t pane = 0; pane < 8; ++pane) {
    TestBatch batch = text_batch(text, {pane});
    driver.submit(batch);
    driver.take_back_all();
    driver.collect({pane});
    used.push_back(budget.used());
  }
  return used;
}

TEST(CpuBackend, TablesThatServeAgainKeepNoOldTexts) {
  MemoryBudget budget(std::size_t{1} << 30);
  const std::vector<std::size_t> used = used_after_panes(budget);
  EXPECT_GT(used[2], used[0]) << "tables are kept from the second pane on";
  EXPECT_EQ(used.back(), used[3]);
}

TEST(CpuBackend, KeepsNoTablesWhereMemoryIsShort) {
  MemoryBudget budget(std::size_t{64} << 20);
  Reservation rest(budget);
  rest.set(std::size_t{32} << 20, "rest");
  const std::vector<std::size_t> used = used_after_panes(budget);
  EXPECT_EQ(used.back(), used[1]);
}

TEST_P(CpuBackend, FailsForGoodWhenItsBudgetIsExhausted) {
  MemoryBudget budget(std::size_t{4} << 20);
  const auto backend = make_cpu_backend(Plan{}, {.threads = GetParam(), .budget = &budget});
  std::string text;
  for (int i = 0; i < 400'000; ++i) text += std::to_string(i) + ' ';
  TestBatch batch = text_batch(text);
  backend->submit(batch.view(0));
  EXPECT_THROW(backend->reclaim(Wait::yes), BudgetError);
  EXPECT_THROW(backend->reclaim(Wait::no), BudgetError);
  EXPECT_THROW(backend->submit(batch.view(0)), BudgetError);
  reference::Answer answer;
  Gather gather({}, {}, answer);
  EXPECT_THROW(backend->collect({}, gather), BudgetError);
  EXPECT_TRUE(answer.panes.empty());
}

// What was counted of it before it failed is lost, and must not be shown: nobody could tell which part that is.
TEST_P(CpuBackend, ABatchThatFailsWhileAPaneIsCollectedShowsNothing) {
  std::string text;
  for (int i = 0; i < 220'000; ++i) text += std::to_string(i) + ' ';
  for (int repeat = 0; repeat < 3; ++repeat) {
    MemoryBudget budget(std::size_t{8} << 20);
    const auto backend = make_cpu_backend(Plan{}, {.threads = GetParam(), .budget = &budget});
    TestBatch batch = text_batch(text);
    reference::Answer answer;
    Gather gather({}, {}, answer);
    const auto collect_until_it_fails = [&] {
      backend->submit(batch.view(0));
      for (;;) backend->collect({}, gather);
    };
    EXPECT_THROW(collect_until_it_fails(), BudgetError);
    EXPECT_TRUE(answer.panes.empty());
  }
}

/// Words that all fall into the first of the ranges that workers merge: its table must grow while they do.
std::vector<TestBatch> batches_of_one_range(std::size_t count) {
  constexpr std::size_t kWords = 500;
  const std::vector<std::string> words = crafted_words(SpreadSeed(spread_seed(1)), count * kWords, 2);
  std::vector<TestBatch> batches;
  for (std::size_t b = 0; b < count; ++b) {
    std::string text;
    for (int repeat = 0; repeat < 20; ++repeat)
      for (std::size_t i = b * kWords; i < (b + 1) * kWords; ++i) text += words[i] + ' ';
    batches.push_back(text_batch(text));
  }
  return batches;
}

// Whatever is left when a pane is collected: all of its rows come, or the job ends.
TEST(CpuBackend, AMergeForWhichTheBudgetDoesNotSufficeFails) {
  constexpr std::size_t kLimit = std::size_t{64} << 20;
  std::vector<TestBatch> batches = batches_of_one_range(8);
  const reference::Answer expected = expected_of(Plan{}, batches);
  bool failed = false;
  bool succeeded = false;
  for (std::size_t left = 0; left <= std::size_t{1} << 20; left += std::size_t{16} << 10) {
    MemoryBudget budget(kLimit);
    const auto backend = make_cpu_backend(Plan{}, {.threads = 4, .hash_seed = 1, .budget = &budget});
    Driver driver(*backend, Plan{});
    for (TestBatch& batch : batches) driver.submit(batch);
    driver.take_back_all();
    Reservation rest(budget);
    rest.set(kLimit - budget.used() - left, "the rest");
    try {
      driver.collect({});
      EXPECT_EQ(reference::difference(driver.answer, expected), "") << left;
      succeeded = true;
    } catch (const BudgetError&) {
      failed = true;
    }
  }
  EXPECT_TRUE(failed && succeeded);
}

/// Texts whose keys lie before, on and behind the places where the backend cuts its input into stretches of
/// 16 KiB, in every class of length, and are longer than a stretch.
std::vector<std::string> texts_around_stretches(const std::string& separator) {
  std::vector<std::string> texts;
  for (const std::size_t length : {1U, 7U, 8U, 15U, 16U, 63U, 64U, 16'383U, 16'384U, 16'385U, 40'000U})
    for (const std::size_t filler : {0U, 16'300U, 16'376U, 16'383U, 16'384U, 16'385U, 32'760U}) {
      std::string text(filler, 'F');
      for (std::size_t i = 20; i < filler; i += 20) text[i] = separator[0];
      for (int i = 0; i < 20; ++i) text += separator + std::string(length, static_cast<char>('a' + i % 3));
      texts.push_back(text);
    }
  return texts;
}

void expect_right_whatever_the_cut(const Plan& plan, const std::string& separator, unsigned threads) {
  const std::vector<std::string> texts = texts_around_stretches(separator);
  for (std::size_t i = 0; i < texts.size(); i += MILLRACE_ONE_CASE_IN) {
    const auto backend = make_cpu_backend(plan, {.threads = threads, .hash_seed = 1});
    std::vector<TestBatch> batches = {text_batch(texts[i])};
    const reference::Answer actual = answer_of(*backend, plan, batches);
    ASSERT_EQ(reference::difference(actual, expected_of(plan, batches)), "") << texts[i].size();
  }
}

// A batch belongs to one worker, however many there are.
TEST(CpuBackend, StretchesCutNothing) {
  expect_right_whatever_the_cut(Plan{}, " ", 1);
  expect_right_whatever_the_cut(Plan{.words = {.fold_case = true, .alphanumeric = true}}, "\n", 1);
  expect_right_whatever_the_cut(Plan{.keyed_by = KeyedBy::record}, "\n", 1);
  expect_right_whatever_the_cut(Plan{.keyed_by = KeyedBy::split, .fields = {.delimiter = ' '}}, " ", 1);
  expect_right_whatever_the_cut(Plan{.keyed_by = KeyedBy::split, .fields = {.delimiter = ' '}}, "\r\n", 1);
  expect_right_whatever_the_cut(Plan{.keyed_by = KeyedBy::fields, .fields = {.delimiter = ',', .key = 2}},
                                "\nk,", 1);
}

TEST_P(CpuBackend, AWordLongerThanAStretchIsFoldedToo) {
  const Plan plan{.words = {.fold_case = true}};
  for (const std::size_t length : {(16U << 10) + 1, (48U << 10) + 5}) {  // stretches are 16 KiB
    std::vector<TestBatch> batches = {
        text_batch(std::string(length, 'Q') + ' ' + std::string(length, 'q') + ' ')};
    const auto backend = make(plan);
    EXPECT_EQ(reference::difference(answer_of(*backend, plan, batches), expected_of(plan, batches)), "");
  }
}

TEST_P(CpuBackend, ALineLongerThanAStretchEndsWithAnEmptyPiece) {
  const Plan plan = split_plan(',');
  std::string line;
  while (line.size() < (40U << 10)) line += "piece,";
  for (const std::string& end :
       {std::string(), std::string(","), std::string("\n"), std::string("\r\nnext,\n")}) {
    std::vector<TestBatch> batches = {text_batch(line + end)};
    const auto backend = make(plan);
    EXPECT_EQ(reference::difference(answer_of(*backend, plan, batches), expected_of(plan, batches)), "");
  }
}

TEST_P(CpuBackend, ALineLosesItsCarriageReturnEvenIfThatIsTheDelimiter) {
  Plan fields = fields_plan();
  fields.fields.delimiter = '\r';
  for (const Plan& plan : {split_plan('\r'), fields}) {
    std::vector<TestBatch> batches = {text_batch("a\r1\r2\r\nlonger-than-others\r1\r2\r\r\n\r\n\nb\r3\r4\r")};
    const auto backend = make(plan);
    EXPECT_EQ(reference::difference(answer_of(*backend, plan, batches), expected_of(plan, batches)), "");
  }
}

// Every key comes in every class of length, with its last byte NUL, which must not be taken for padding.
TEST_P(CpuBackend, NulIsAByteLikeOthers) {
  std::string text;
  for (std::size_t length = 1; length < 20; ++length)
    for (std::size_t nuls = 0; nuls <= length; ++nuls)
      text += std::string(length - nuls, 'a') + std::string(nuls, '\0') + ' ' + std::string(nuls, '\0') +
              std::string(length - nuls, 'a') + ' ';
  const auto backend = make(Plan{});
  std::vector<TestBatch> batches = {text_batch(text)};
  EXPECT_EQ(reference::difference(answer_of(*backend, Plan{}, batches), expected_of(Plan{}, batches)), "");
}

INSTANTIATE_TEST_SUITE_P(Threads, CpuBackend, ::testing::Values(1U, 2U, 4U));

TEST(PageableBuffer, IsDrawnFromItsBudget) {
  MemoryBudget budget(10'000);
  {
    const HostBuffer buffer = pageable_buffer(5000, budget);
    EXPECT_EQ(budget.used(), 5000 + kSlackBytes);
    EXPECT_THROW(pageable_buffer(5000, budget), BudgetError);
  }
  EXPECT_EQ(budget.used(), 0U);
}

// The system gives whole pages for it.
TEST(PageableBuffer, ALargeOneCostsWholePages) {
  const auto page = static_cast<std::size_t>(::getpagesize());
  MemoryBudget budget(std::size_t{4} << 30);
  const HostBuffer buffer = pageable_buffer(100'000, budget);
  EXPECT_EQ(budget.used(), (100'000 + kSlackBytes + page - 1) / page * page);
  EXPECT_EQ(pageable_buffer(kBatchBytesMax, budget).bytes().size(), kBatchBytesMax);
  EXPECT_THROW(pageable_buffer(kBatchBytesMax + 1, budget), InternalError);
}

}  // namespace
}  // namespace millrace::cpu_backend_test
