// CPU and a fake device side by side.
// SPDX-License-Identifier: Apache-2.0
#include "host/backends/size_sweep.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include <millrace/testing/hooked.h>

#include "kernels/cuda/cuda_backend.h"
#include "tests/support/fake_device.h"

namespace millrace::size_sweep_test {
namespace {

constexpr std::array<std::size_t, 2> kSizes = {4096, 16384};

std::string lines(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += "word" + std::to_string(i % 300) + (i % 9 == 0 ? '\n' : ' ');
  text.resize(size, '\n');
  return text;
}

std::unique_ptr<Backend> cpu(std::size_t batch_bytes) {
  return make_cpu_backend(Plan{}, {.threads = 2, .batch_bytes = batch_bytes});
}

TEST(Crossover, MeasuresBothAtEachSizeAndLeavesNothingBehind) {
  const auto device = std::make_shared<cuda::FakeDevice>();
  const SizedFactory gpu = [device](std::size_t batch_bytes) {
    return cuda::make_cuda_backend(device, Plan{}, {.batch_bytes = batch_bytes},
                                   {.arena_bytes = std::size_t{1} << 20, .table_slots = 64});
  };
  const std::vector<Rates> rates = measure_crossover(lines(20'000), kSizes, cpu, gpu);
  ASSERT_EQ(rates.size(), kSizes.size());
  for (std::size_t i = 0; i < rates.size(); ++i) {
    EXPECT_EQ(rates[i].batch_bytes, kSizes[i]);
    EXPECT_GT(rates[i].present, 0);
    EXPECT_GT(rates[i].other, 0);
  }
  EXPECT_EQ(device->blocks(), 0U);
  EXPECT_TRUE(device->problems().empty());
}

TEST(Crossover, GivesEachBackendEnoughBatchesToOverlap) {
  std::size_t submitted = 0;
  const SizedFactory counting = [&](std::size_t batch_bytes) {
    return std::make_unique<testing::HookedBackend>(cpu(batch_bytes), [&](std::string_view call) {
      if (call == "submit") ++submitted;
    });
  };
  measure_crossover(lines(20'000), std::span(kSizes).last(1), counting, cpu);
  EXPECT_GE(submitted, 2 * 4U) << "two rounds of twice what may be in flight";
}

TEST(Crossover, ADeviceThatFailsIsAnError) {
  const auto device = std::make_shared<cuda::FakeDevice>();
  const SizedFactory dying = [device](std::size_t batch_bytes) {
    auto backend =
        cuda::make_cuda_backend(device, Plan{}, {.batch_bytes = batch_bytes}, {.arena_bytes = 1 << 20});
    device->fail_at(device->counters().calls + 5);
    return backend;
  };
  EXPECT_THROW(measure_crossover(lines(20'000), kSizes, cpu, dying), DeviceError);
  EXPECT_EQ(device->blocks(), 0U);
}

}  // namespace
}  // namespace millrace::size_sweep_test
