// What a backend does with a device's memory: nothing is copied back between collects, and all is given back.
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "tests/kernels/cuda/gpu_support.h"

namespace millrace::gpu_memory_test {
namespace {

TEST(GpuMemory, NothingIsCopiedBackBetweenCollects) {
  std::string text;
  for (std::size_t i = 0; i < scaled(400'000); ++i)
    text += "word-" + std::to_string(i * 7919 % 50'000) + (i % 9 == 0 ? "\n" : " ");
  WordSink sink;
  const auto backend = make_gpu_backend(Plan{});
  Feeder feeder(*backend, text.size(), sink);
  for (int i = 0; i < 5; ++i) feeder.feed(text);
  feeder.settle();
  const cuda::CudaCounters warm = backend->counters();
  const std::size_t rounds = by_level(100, 5);
  for (std::size_t i = 0; i < rounds; ++i) feeder.feed(text);
  feeder.settle();
  const cuda::CudaCounters after = backend->counters();
  EXPECT_EQ(after.bytes_to_host, warm.bytes_to_host) << describe(after);
  EXPECT_EQ(after.batches, warm.batches + rounds);
  EXPECT_GE(after.bytes_to_device, warm.bytes_to_device + rounds * text.size());
  EXPECT_LE(after.bytes_to_device, warm.bytes_to_device + rounds * (text.size() + 4096));
  feeder.finish();
  EXPECT_GT(backend->counters().bytes_to_host, after.bytes_to_host);
  EXPECT_EQ(sink.counts.words(), (rounds + 5) * scaled(400'000));
}

TEST(GpuMemory, BackendsGiveBackWhatTheyTook) {
  make_gpu_backend(Plan{}).reset();
  const std::size_t before = cuda::open_cuda_device()->facts().memory_free;
  for (int i = 0; i < 20; ++i) {
    WordSink sink;
    const auto backend = make_gpu_backend(Plan{});
    Feeder feeder(*backend, 1 << 20, sink);
    feeder.feed("a few words and one-that-is-longer");
    feeder.finish();
  }
  const std::size_t after = cuda::open_cuda_device()->facts().memory_free;
  EXPECT_GE(after + (std::size_t{64} << 20), before) << "20 backends kept memory of the device";
}

}  // namespace
}  // namespace millrace::gpu_memory_test
