// Rounds of all batches, with the clock in hand.
// SPDX-License-Identifier: Apache-2.0
#include "host/backends/throughput.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "host/backends/batch_loop.h"

namespace millrace {
namespace {

using WallClock = std::chrono::steady_clock;

constexpr std::size_t kRounds = 5;
constexpr std::chrono::milliseconds kPatience{100};  // no further round begins after it

/// Partials that nobody wants.
class Nowhere final : public PartialSink {
 public:
  void add(const Partials&) override {}
};

void count_all(BatchLoop& loop, std::size_t batches) {
  for (std::size_t i = 0; i < batches; ++i) loop.submit();
  loop.settle();
}

}  // namespace

double measured_rate(Backend& backend, std::span<const Batch> batches) {
  std::size_t bytes = 0;
  for (const Batch& batch : batches) bytes += batch.bytes.size();
  Nowhere nowhere;
  BatchLoop loop(backend, batches, nowhere);
  count_all(loop, batches.size());
  std::vector<double> seconds;
  const WallClock::time_point begin = WallClock::now();
  WallClock::time_point now = begin;
  while (seconds.size() < kRounds && (seconds.empty() || now - begin < kPatience)) {
    const WallClock::time_point before = now;
    count_all(loop, batches.size());
    now = WallClock::now();
    seconds.push_back(std::chrono::duration<double>(now - before).count());
  }
  loop.collect();
  const auto median = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::ranges::nth_element(seconds, median);
  return static_cast<double>(bytes) / std::max(*median, 1e-9);
}

}  // namespace millrace
