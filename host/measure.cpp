// Feeding a backend as the engine does, with the clock in hand.
// SPDX-License-Identifier: Apache-2.0
#include "host/measure.h"

#include <algorithm>
#include <chrono>
#include <vector>

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

class Feeder {
 public:
  Feeder(Backend& backend, std::span<const Batch> batches) : backend_(backend), batches_(batches) {}

  void count_all() {
    for (std::uint32_t i = 0; i < batches_.size(); ++i) {
      while (in_flight_ >= backend_.in_flight_max()) take_back();
      submit(i);
    }
    while (in_flight_ > 0) take_back();
  }
  void forget() {
    Nowhere nowhere;
    backend_.collect({}, nowhere);
  }

 private:
  void submit(std::uint32_t number) {
    Batch batch = batches_[number];
    batch.buffer = {number};
    backend_.submit(batch);
    ++in_flight_;
  }
  void take_back() {
    const std::optional<Finished> finished = backend_.reclaim(Wait::yes);
    check(finished.has_value(), "a backend gives back every buffer it was given");
    --in_flight_;
    if (finished->counted) return;
    const std::uint32_t again = finished->buffer.index;
    while (in_flight_ > 0) take_back();
    forget();
    submit(again);
  }

  Backend& backend_;
  std::span<const Batch> batches_;
  unsigned in_flight_ = 0;
};

}  // namespace

double measured_rate(Backend& backend, std::span<const Batch> batches) {
  std::size_t bytes = 0;
  for (const Batch& batch : batches) bytes += batch.bytes.size();
  Feeder feeder(backend, batches);
  feeder.count_all();
  std::vector<double> seconds;
  const WallClock::time_point begin = WallClock::now();
  WallClock::time_point now = begin;
  while (seconds.size() < kRounds && (seconds.empty() || now - begin < kPatience)) {
    const WallClock::time_point before = now;
    feeder.count_all();
    now = WallClock::now();
    seconds.push_back(std::chrono::duration<double>(now - before).count());
  }
  feeder.forget();
  const auto median = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::ranges::nth_element(seconds, median);
  return static_cast<double>(bytes) / std::max(*median, 1e-9);
}

}  // namespace millrace
