// What is measured: every batch is counted as often as it is given, and rates are of all of them.
// SPDX-License-Identifier: Apache-2.0
#include "host/backends/throughput.h"

#include <deque>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/testing/hooked.h>

#include "host/backends/batch_loop.h"
#include "host/backends/pool.h"

namespace millrace::throughput_test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kInFlight = 2;

/// Holds so many batches: gives every other back uncounted until it is collected.
class FullBackend final : public Backend {
 public:
  explicit FullBackend(unsigned holds) : holds_(holds) {}
  std::string_view name() const override { return "full"; }
  bool may_fail() const override { return false; }
  HostBuffer allocate(std::size_t capacity) override { return pageable_buffer(capacity, unlimited_budget()); }
  std::size_t batch_bytes() const override { return 10'000; }
  unsigned in_flight_max() const override { return kInFlight; }
  void submit(const Batch& batch) override {
    in_flight_.push_back(batch);
    EXPECT_LE(in_flight_.size(), kInFlight);
  }
  std::optional<Finished> reclaim(Wait) override {
    if (in_flight_.empty()) return std::nullopt;
    const Batch batch = in_flight_.front();
    in_flight_.pop_front();
    if (held_ == holds_) return Finished{.buffer = batch.buffer, .counted = false, .rejects = {}};
    ++held_;
    ++counted[batch.bytes.size()];
    return Finished{.buffer = batch.buffer, .counted = true, .rejects = {}};
  }
  void collect(Pane, PartialSink&) override {
    EXPECT_TRUE(in_flight_.empty()) << "what is in flight may count into the pane";
    held_ = 0;
  }
  std::size_t held_bytes() const override { return 0; }

  std::map<std::size_t, int> counted;  ///< by the batch's size

 private:
  unsigned holds_;
  unsigned held_ = 0;
  std::deque<Batch> in_flight_;
};

class Nowhere final : public PartialSink {
 public:
  void add(const Partials&) override {}
};

std::vector<Batch> batches_of(std::string_view text, const std::vector<std::size_t>& sizes) {
  std::vector<Batch> batches(sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i)
    batches[i].bytes = std::as_bytes(std::span(text)).first(sizes[i]);
  return batches;
}

TEST(BatchLoop, CountsAgainWhatABackendThatWasFullGaveBack) {
  const std::string text(100, 'x');
  for (const unsigned holds : {1U, 2U, 3U, 100U}) {
    FullBackend backend(holds);
    const std::vector<Batch> batches = batches_of(text, {1, 2, 3});
    Nowhere nowhere;
    BatchLoop loop(backend, batches, nowhere);
    for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(loop.submit(), i % 3);
    loop.settle();
    EXPECT_EQ(backend.counted, (std::map<std::size_t, int>{{1, 3}, {2, 3}, {3, 3}})) << holds;
    EXPECT_FALSE(backend.reclaim(Wait::yes));
  }
}

TEST(Measure, TheRateIsThatOfAllBatches) {
  const std::string text(1'000'000, 'x');
  testing::HookedBackend backend(std::make_unique<FullBackend>(100), [](std::string_view call) {
    if (call == "submit") std::this_thread::sleep_for(5ms);
  });
  const double rate = measured_rate(backend, batches_of(text, {1'000'000, 1}));
  EXPECT_GT(rate, 1000) << "a round would have taken 1,000 s";
  EXPECT_LE(rate, 1'000'001 / 0.01) << "a round takes 10 ms at least";
}

// A first round without the keys, or on cold processors, says nothing of the rest.
TEST(Measure, TheFirstRoundDoesNotCount) {
  const std::string text(100, 'x');
  int submits = 0;
  testing::HookedBackend backend(std::make_unique<FullBackend>(100), [&](std::string_view call) {
    if (call == "submit" && ++submits == 1) std::this_thread::sleep_for(120ms);
  });
  measured_rate(backend, batches_of(text, {100}));
  EXPECT_GE(submits, 2);
}

TEST(Pool, HasABufferForEachReaderForThoseInFlightAndOneInTheQueue) {
  FullBackend backend(1);
  EXPECT_EQ(pool_size(backend, 5), 5 + kInFlight + 1);
  const std::vector<HostBuffer> pool = make_pool(backend, 5, 777);
  EXPECT_EQ(pool.size(), 8U);
  for (const HostBuffer& buffer : pool) EXPECT_EQ(buffer.bytes().size(), 777U);
}

TEST(Pool, TakesAQuarterOfTheMemoryAtMost) {
  const FullBackend backend(1);
  EXPECT_EQ(pool_capacity(backend, 5, 1 << 20), 10'000U) << "what suits the backend";
  EXPECT_EQ(pool_capacity(backend, 5, 4 * 8 * 9'999), 9'999U);
  EXPECT_EQ(pool_capacity(backend, 5, 4 * 8 * 10'001), 10'000U);
  EXPECT_EQ(pool_capacity(backend, 5, 1000), 4096U) << "smaller ones are of no use";
}

}  // namespace
}  // namespace millrace::throughput_test
