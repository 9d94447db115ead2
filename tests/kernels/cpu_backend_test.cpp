// The CPU backend: the contract, and what it promises beyond it.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/kernels/backend_contract.h"
#include "tests/kernels/backend_plans.h"

namespace millrace {

INSTANTIATE_TEST_SUITE_P(Cpu, BackendContract,
                         ::testing::Values(BackendCase{"cpu", make_cpu_backend, 1},
                                           BackendCase{"cpu", make_cpu_backend, 2},
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

TEST_P(CpuBackend, FailsForGoodWhenItsBudgetIsExhausted) {
  MemoryBudget budget(std::size_t{1} << 20);
  const auto backend = make_cpu_backend(Plan{}, {.threads = GetParam(), .budget = &budget});
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i) + ' ';
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

}  // namespace
}  // namespace millrace
