// Streams that put work off: whatever order of execution CUDA allows may happen, as a seed decides.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "kernels/cuda/device_api.h"

namespace millrace::cuda {

/// Work of one stream is done in order; between streams only events give one. The seed also decides which
/// stream is quicker, and whether work is done soon or only when somebody waits for it.
class FakeStreams {
 public:
  explicit FakeStreams(std::uint64_t seed);

  void give(Stream stream, std::function<void()> work);
  Event make_event();
  void record(Event event, Stream stream);
  void wait(Stream stream, Event event);  ///< for the event as it is recorded now
  bool is_done(Event event) const { return *events_.at(number(event)); }

  void run_some();  ///< perhaps
  void run_until(Event event);
  void run_until_empty(Stream stream);
  void run_all();
  void drop_all();

 private:
  using Done = std::shared_ptr<bool>;
  struct Work {
    std::function<void()> run;
    Done after;  ///< null, or what it has to wait for
  };

  static std::size_t number(Event event) { return static_cast<std::size_t>(event); }
  std::deque<Work>& queue(Stream stream) { return queues_.at(static_cast<std::size_t>(stream)); }
  static bool can_run(const std::deque<Work>& queue) {
    return !queue.empty() && (queue.front().after == nullptr || *queue.front().after);
  }
  bool step();  ///< does one piece of work; false if there is none

  std::mt19937_64 random_;
  double eager_;       // chance that something is done without being asked for
  double copy_first_;  // chance that the copy stream's turn comes before the other's
  std::array<std::deque<Work>, 2> queues_;
  std::vector<Done> events_;  // whether what came before the last record is done
};

}  // namespace millrace::cuda
