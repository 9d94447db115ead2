// A sample of the input, the trial on it, and the answer.
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/testing/hooked.h>
#include <millrace/testing/manual_clock.h>

#include "host/backends/migration.h"
#include "host/backends/pool.h"
#include "host/backends/throughput.h"
#include "host/backends/trial.h"
#include "tests/kernels/backend_plans.h"
#include "tests/kernels/test_batches.h"

namespace millrace::trial_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Sample sample_of(std::vector<TestBatch> batches, std::size_t capacity = 10'000) {
  Sample sample(capacity, unlimited_budget());
  for (TestBatch& batch : batches) sample.add(batch.view(0));
  return sample;
}

reference::Answer answer_of_views(const Plan& plan, const std::vector<Batch>& batches) {
  reference::Answer answer;
  for (const Batch& batch : batches) reference::count(plan, batch, answer);
  return answer;
}

// What is joined is what came, as long as all of it fits.
void expect_joined_well(const Plan& plan, const std::vector<TestBatch>& batches) {
  Sample sample = sample_of(batches);
  ASSERT_EQ(sample.parts().size(), batches.size());
  const reference::Answer apart = answer_of_views(plan, sample.parts());
  EXPECT_EQ(reference::difference(answer_of_views(plan, {sample.joined(10'000)}), apart), "");
  std::vector<TestBatch> given = batches;
  EXPECT_EQ(reference::difference(apart, expected_of(plan, given)), "");
}

TestBatch rows_batch(std::vector<std::int64_t> values) {
  TestBatch batch;
  batch.bytes = "key longer-key";
  batch.has_rows = true;
  batch.key_at = {0, 4, 0};
  batch.key_length = {3, 10, 3};
  batch.values = std::move(values);
  return batch;
}

TEST(Sample, JoinsBatchesOfEveryKind) {
  expect_joined_well(Plan{}, {text_batch("a b\n"), text_batch("cut at the end"), text_batch("a cut\n")});
  expect_joined_well(record_plan(), {message_batch({"a", "b\nb", ""}), message_batch({"a", "c"})});
  expect_joined_well(rows_plan(), {rows_batch({1, 2, 3, 10, 20, 30}), rows_batch({4, 5, 6, 40, 50, 60})});
}

TEST(Sample, TakesWholeBatchesOfOneKindAsLongAsTheyFit) {
  Sample sample(20, unlimited_budget());
  TestBatch large = text_batch(std::string(21, 'x'));
  EXPECT_TRUE(sample.add(large.view(0))) << "a batch that can never fit is passed over";
  TestBatch text = text_batch("12345678\n");
  TestBatch message = message_batch({"x"});
  EXPECT_TRUE(sample.add(text.view(0)));
  EXPECT_TRUE(sample.add(message.view(0)));
  EXPECT_TRUE(sample.add(text.view(0)));
  EXPECT_FALSE(sample.add(text.view(0)));
  EXPECT_EQ(sample.parts().size(), 2U);
  EXPECT_EQ(sample.bytes(), 18U);
  EXPECT_EQ(sample.joined(17).bytes.size(), 9U);
  EXPECT_EQ(sample.joined(1).bytes.size(), 9U);
}

// A job may begin with a few batches of another kind than those that follow.
TEST(Sample, IsOfTheKindOfMostOfTheInput) {
  Sample sample(100, unlimited_budget());
  TestBatch rows = rows_batch({});
  TestBatch text = text_batch("12345678\n");
  EXPECT_TRUE(sample.add(rows.view(0)));
  EXPECT_TRUE(sample.add(text.view(0)));
  EXPECT_TRUE(sample.parts().front().has_rows) << "14 bytes of rows, and 9 of text";
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(sample.add(text.view(0)));
  EXPECT_TRUE(sample.add(rows.view(0)));
  ASSERT_EQ(sample.parts().size(), 3U);
  EXPECT_EQ(sample.bytes(), 27U);
  for (const Batch& part : sample.parts()) EXPECT_FALSE(part.has_rows);
  const Batch joined = sample.joined(100);
  EXPECT_EQ(joined.bytes.size(), 27U);
  EXPECT_TRUE(joined.rows.key_at.empty());
}

TEST(Sample, OfRowsTheFirstFewCanBeJoinedToo) {
  TestBatch others = rows_batch({4, 5, 6, 40, 50, 60});
  others.key_at = {4, 0, 0};
  others.key_length = {10, 3, 3};
  std::vector<TestBatch> first{rows_batch({1, 2, 3, 10, 20, 30})};
  Sample sample = sample_of({first[0], others});
  EXPECT_EQ(reference::difference(answer_of_views(rows_plan(), {sample.joined(first[0].bytes.size())}),
                                  expected_of(rows_plan(), first)),
            "");
}

std::unique_ptr<Backend> cpu() {
  return make_cpu_backend(Plan{}, {.threads = 1});
}

BackendFactory slow(std::chrono::milliseconds pause) {
  return [pause] {
    return std::make_unique<testing::HookedBackend>(cpu(), [pause](std::string_view call) {
      if (call == "submit") std::this_thread::sleep_for(pause);
    });
  };
}

TEST(Measure, LeavesTheBackendEmptyAndTellsFastFromSlow) {
  const Sample sample = sample_of({text_batch("a few words\n"), text_batch("and more words\n")});
  const auto fast = cpu();
  const double rate = measured_rate(*fast, sample.parts());
  EXPECT_GT(rate, 0);
  EXPECT_LT(measured_rate(*slow(20ms)(), sample.parts()), rate);
  reference::Answer answer;
  Gather gather({}, {}, answer);
  fast->collect({}, gather);
  EXPECT_EQ(gather.calls(), 0);
}

TrialAnswer tried(BackendFactory other, BackendFactory present, double job_rate = 0) {
  TrialLink link;
  link.job_rate = job_rate;
  TrialAnswer answer = run_trial({.other = std::move(other),
                                  .present = std::move(present),
                                  .readers = 2,
                                  .threads = 7,
                                  .batch_bytes = 5000,
                                  .memory = 1 << 20},
                                 sample_of({text_batch("a few words\n")}), link);
  EXPECT_FALSE(link.quiet);
  EXPECT_EQ(answer.reason.find('\n'), std::string::npos);
  return answer;
}

TEST(Trial, GoesOverToAFasterBackend) {
  const TrialAnswer answer = tried(cpu, slow(10ms));
  ASSERT_TRUE(answer.backend);
  EXPECT_EQ(answer.pool.size(), 2 + answer.backend->in_flight_max() + 1);
  EXPECT_EQ(answer.pool.front().bytes().size(), 5000U);
  EXPECT_THAT(answer.reason, HasSubstr("cpu: "));
  EXPECT_THAT(answer.reason, HasSubstr("with 7 threads: going on with the GPU"));
}

TEST(Trial, StaysWithASlowerOne) {
  const TrialAnswer answer = tried(slow(10ms), cpu);
  EXPECT_FALSE(answer.backend);
  EXPECT_TRUE(answer.pool.empty());
  EXPECT_THAT(answer.reason, HasSubstr("staying on the CPU"));
}

TEST(Trial, StopsNoJobThatIsAlreadyFaster) {
  const auto measured = []() -> std::unique_ptr<Backend> { throw InternalError("the CPU was measured"); };
  const TrialAnswer answer = tried(slow(1ms), measured, 1e12);
  EXPECT_FALSE(answer.backend);
  EXPECT_THAT(answer.reason, HasSubstr("the CPU 1000.0 GB/s so far: staying on the CPU"));
}

TEST(Trial, StaysWhateverGoesWrongAndSaysWhy) {
  const auto missing = []() -> std::unique_ptr<Backend> { throw UnavailableError("the driver is too old"); };
  EXPECT_THAT(tried(missing, cpu).reason, HasSubstr("the driver is too old"));
  const auto dying = [] {
    return std::make_unique<testing::HookedBackend>(cpu(), [](std::string_view call) {
      if (call == "reclaim") throw DeviceError("it fell off the bus");
    });
  };
  EXPECT_THAT(tried(dying, cpu).reason, HasSubstr("it fell off the bus"));
}

TrialOptions trial_options(BackendFactory other, BackendFactory present) {
  return {.other = std::move(other), .present = std::move(present), .batch_bytes = 5000, .memory = 1 << 20};
}

/// The CPU; `on_submit` hears of each batch.
BackendFactory watched(std::function<void()> on_submit) {
  return [on_submit] {
    return std::make_unique<testing::HookedBackend>(cpu(), [on_submit](std::string_view call) {
      if (call == "submit") on_submit();
    });
  };
}

TEST(Trial, MeasuresNothingMoreWhenNobodyWaitsForItsAnswer) {
  for (const bool while_it_starts : {true, false}) {
    TrialLink link;
    int others = 0;
    bool present = false;
    const BackendFactory counting = watched([&] {
      ++others;
      link.stop = true;
    });
    const BackendFactory other = [&] {
      link.stop = while_it_starts;
      return counting();
    };
    const BackendFactory never = [&] {
      present = true;
      return cpu();
    };
    const TrialAnswer answer =
        run_trial(trial_options(other, never), sample_of({text_batch("a word\n")}), link);
    EXPECT_FALSE(answer.backend);
    EXPECT_EQ(others == 0, while_it_starts);
    EXPECT_FALSE(present);
  }
}

TEST(Trial, TheJobIsQuietWhileTheCpuIsMeasuredAndOnlyThen) {
  TrialLink link;
  const auto expect = [&](bool quiet) { return watched([&link, quiet] { EXPECT_EQ(link.quiet, quiet); }); };
  run_trial(trial_options(expect(false), expect(true)), sample_of({text_batch("a word\n")}), link);
  EXPECT_FALSE(link.quiet);
  const BackendFactory dying = watched([] { throw InternalError("out of order"); });
  run_trial(trial_options(cpu, dying), sample_of({text_batch("a word\n")}), link);
  EXPECT_FALSE(link.quiet) << "whatever goes wrong";
}

TEST(Trial, StaysWhereMemoryAllowsOnlySmallBatches) {
  TrialLink link;
  TrialOptions options = trial_options(cpu, cpu);
  options.batch_bytes = 10;
  const std::string reason = run_trial(options, sample_of({text_batch("a line of more\n")}), link).reason;
  EXPECT_THAT(reason, HasSubstr("staying on the CPU"));
  EXPECT_THAT(reason, HasSubstr("give more --memory"));
}

TEST(Trial, AnUnchosenBatchSizeIsWhatMemoryAllows) {
  const std::string line = std::string(4999, 'x') + '\n';
  const std::size_t enough = 4 * pool_size(*cpu(), 3) * line.size();
  for (const std::size_t memory : {enough, enough - 1}) {
    TrialLink link;
    TrialOptions options = trial_options(cpu, cpu);
    options.batch_bytes = 0;
    options.readers = 3;
    options.memory = memory;
    const std::string reason = run_trial(options, sample_of({text_batch(line)}), link).reason;
    EXPECT_EQ(reason.find("only small batches") != std::string::npos, memory < enough) << reason;
  }
}

TEST(Migration, StopsATrialWhoseAnswerNobodyWaitsFor) {
  bool stopped = false;
  {
    const StartTrial start = [&](Sample, TrialLink& link) {
      return std::async(std::launch::async, [&] {
        for (int i = 0; i < 2000 && !link.stop; ++i) std::this_thread::sleep_for(1ms);
        stopped = link.stop;
        return TrialAnswer();
      });
    };
    Migration migration({.start = start, .after_bytes = 0, .sample_bytes = 9}, real_clock(),
                        unlimited_budget());
    TestBatch batch = text_batch("123456789\n");
    TestBatch small = text_batch("1234567\n");
    migration.see(small.view(0));
    migration.see(batch.view(0));
    EXPECT_TRUE(migration.is_trying());
  }
  EXPECT_TRUE(stopped);
}

TEST(Migration, TriesASampleAfterSoMuchInput) {
  std::promise<TrialAnswer> promise;
  std::size_t sampled = 0;
  int begun = 0;
  Migration migration({.start =
                           [&](Sample sample, TrialLink&) {
                             sampled = sample.bytes();
                             ++begun;
                             return promise.get_future();
                           },
                       .after_bytes = 30,
                       .sample_bytes = 20},
                      real_clock(), unlimited_budget());
  TestBatch batch = text_batch("123456789\n");
  for (int i = 0; i < 5; ++i) migration.see(batch.view(0));
  EXPECT_FALSE(migration.is_trying());
  migration.see(batch.view(0));
  EXPECT_TRUE(migration.is_trying());
  EXPECT_EQ(sampled, 20U);
  EXPECT_FALSE(migration.answer());
  for (int i = 0; i < 8; ++i) migration.see(batch.view(0));
  EXPECT_EQ(begun, 1) << "one trial is enough";
  promise.set_value({"well", {}, nullptr});
  ASSERT_TRUE(migration.answer().has_value());
  migration.see(batch.view(0));
  EXPECT_FALSE(migration.answer().has_value());
}

/// Whether a trial begins when 100 bytes have taken 1 s.
bool begins(std::optional<std::uint64_t> input_bytes, std::chrono::seconds after_that) {
  testing::ManualClock clock;
  bool begun = false;
  double rate = 0;
  std::promise<TrialAnswer> promise;
  Migration migration({.start =
                           [&](Sample, TrialLink& link) {
                             begun = true;
                             rate = link.job_rate;
                             return promise.get_future();
                           },
                       .after_bytes = 100,
                       .sample_bytes = 10,
                       .input_bytes = input_bytes,
                       .time_left = 3s,
                       .time_run = 20s},
                      clock, unlimited_budget());
  TestBatch batch = text_batch("123456789\n");
  for (int i = 0; i < 10; ++i) migration.see(batch.view(0));
  clock.advance(1s + after_that);
  for (int i = 0; i < 2; ++i) migration.see(batch.view(0));
  EXPECT_EQ(rate, begun ? 100.0 / static_cast<double>((1s + after_that).count()) : 0);
  promise.set_value({});
  return begun;
}

TEST(Migration, TriesOnlyWhatIsASmallPartOfTheJob) {
  EXPECT_TRUE(begins(400, 0s)) << "3 s are left";
  EXPECT_FALSE(begins(390, 0s));
  EXPECT_FALSE(begins(90, 0s)) << "a file that has shrunk";
  EXPECT_TRUE(begins(200, 9s)) << "10 s are left";
  EXPECT_TRUE(begins(std::nullopt, 19s));
  EXPECT_FALSE(begins(std::nullopt, 18s));
}

TEST(Migration, TakesNoMemoryThatTheJobHasFilled) {
  MemoryBudget budget(std::size_t{64} << 20);
  Reservation keys(budget);
  keys.set(std::size_t{60} << 20, "keys");
  const StartTrial never = [](Sample, TrialLink&) -> std::future<TrialAnswer> {
    throw InternalError("a trial has begun");
  };
  Migration migration({.start = never, .after_bytes = 0, .sample_bytes = std::size_t{1} << 20}, real_clock(),
                      budget);
  TestBatch batch = text_batch("123456789\n");
  migration.see(batch.view(0));
  const auto answer = migration.answer();
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->reason, HasSubstr("memory"));
}

TEST(Migration, TakesNoMemoryThatTheJobMayNeed) {
  MemoryBudget budget(1000);
  Migration migration({.start = trial_in_background({}), .after_bytes = 0, .sample_bytes = 500}, real_clock(),
                      budget);
  TestBatch batch = text_batch("123456789\n");
  migration.see(batch.view(0));
  EXPECT_EQ(budget.peak(), 0U);
  const auto answer = migration.answer();
  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(answer->backend);
  EXPECT_THAT(answer->reason, HasSubstr("memory"));
  EXPECT_FALSE(migration.answer()) << "only one comes";
}

}  // namespace
}  // namespace millrace::trial_test
