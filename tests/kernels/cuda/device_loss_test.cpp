// Whatever call to the device fails, the job goes on with the CPU and its result is exact.
// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include <millrace/testing/memory_sink.h>
#include <millrace/testing/memory_source.h>

#include "host/engine/pipeline.h"
#include "kernels/cuda/cuda_backend.h"
#include "tests/support/fake_device.h"

namespace millrace::cuda::device_loss_test {
namespace {

using testing::MemorySink;
using testing::MemorySource;

std::map<std::string, std::int64_t> totals(const MemorySink& sink) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [epoch, rows] : sink.epochs())
    for (const auto& row : rows) counts[row.key] += static_cast<std::int64_t>(row.values.at(0));
  return counts;
}

/// A text with short words, long ones and repetitions, and its counts.
struct Input {
  Input() {
    std::mt19937 random(7);
    for (int i = 0; i < 12'000; ++i) {
      const std::string word = std::to_string(random() % 2500) + (random() % 3 == 0 ? "-and-a-long-word" : "");
      ++counts[word];
      text += word + (random() % 9 == 0 ? "\n" : " ");
    }
  }
  std::string text;
  std::map<std::string, std::int64_t> counts;
};

struct Result {
  std::map<std::string, std::int64_t> counts;
  std::uint64_t fallbacks = 0;
  std::uint64_t repeated = 0;
  std::vector<std::string> warnings;
};

// Small arenas, so that merges and refusals are among the calls that may fail.
Result run_job(const Input& input, const std::shared_ptr<FakeDevice>& device, bool replayable) {
  Result result;
  MemoryBudget budget(std::size_t{64} << 20);
  auto source = std::make_unique<MemorySource>(Framing{.kind = Framing::Kind::whitespace}, replayable);
  source->push(input.text);
  source->finish();
  auto sink = std::make_shared<MemorySink>();
  Options options;
  options.batch_bytes = 4096;
  options.on_event = [&](const millrace::Event& event) { result.warnings.push_back(event.text); };
  const BackendOptions backend_options{.threads = 1, .batch_bytes = 4096, .hash_seed = 5, .budget = &budget};
  // What a member begins with must not throw: g++ 12 would destroy others twice.
  Plan plan;
  const Clock& clock = real_clock();
  PipelineParts parts{.plan = std::move(plan), .options = std::move(options), .clock = clock, .budget = budget};
  parts.backend = make_cuda_backend(device, Plan{}, backend_options,
                                    {.arena_bytes = std::size_t{256} << 10, .table_slots = 16});
  parts.fallback = [=] { return make_cpu_backend(Plan{}, backend_options); };
  parts.log = std::make_unique<NoEpochLog>();
  parts.sinks.push_back(sink);
  parts.sources.push_back(std::move(source));
  {
    Pipeline pipeline(std::move(parts));
    pipeline.run();
    result.fallbacks = pipeline.metrics().device_fallbacks;
    result.repeated = pipeline.metrics().batches_repeated;
  }
  result.counts = totals(*sink);
  return result;
}

class DeviceLoss : public ::testing::TestWithParam<bool> {};

TEST_P(DeviceLoss, AtAnyCallCostsNothingButTime) {
  const Input input;
  const auto healthy = std::make_shared<FakeDevice>(FakeDeviceOptions{.block_threads = 32});
  const Result whole = run_job(input, healthy, GetParam());
  ASSERT_EQ(whole.counts, input.counts);
  ASSERT_EQ(whole.fallbacks, 0U);
  // Where a source cannot go back, the engine collects before a pane fills up.
  ASSERT_EQ(whole.repeated > 0, GetParam());
  ASSERT_GT(healthy->counters().sorts, 1U);
  const std::size_t calls = healthy->counters().calls;

  std::size_t lost_under_way = 0;
  for (std::size_t call = 0; call < calls; call += MILLRACE_ONE_CASE_IN) {
    const auto device = std::make_shared<FakeDevice>(FakeDeviceOptions{.seed = call, .block_threads = 32});
    device->fail_at(call);
    try {
      const Result result = run_job(input, device, GetParam());
      EXPECT_EQ(result.counts, input.counts) << "call " << call;
      EXPECT_LE(result.fallbacks, 1U);
      EXPECT_EQ(result.warnings.size(), result.fallbacks) << "one warning for each loss";
      lost_under_way += result.fallbacks;
    } catch (const UnavailableError&) {
      EXPECT_EQ(lost_under_way, 0U) << "call " << call << ": only making the backend may fail so";
    } catch (const DeviceError&) {
      EXPECT_EQ(lost_under_way, 0U) << "call " << call << ": only its buffers may fail so";
    }
    EXPECT_EQ(device->blocks(), 0U) << "call " << call << " left memory behind";
    EXPECT_TRUE(device->problems().empty());
  }
  EXPECT_GT(lost_under_way, calls / MILLRACE_ONE_CASE_IN / 2);
}

INSTANTIATE_TEST_SUITE_P(Sources, DeviceLoss, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "replayable" : "not_replayable"; });

}  // namespace
}  // namespace millrace::cuda::device_loss_test
