// Gives a backend the same batches again and again, as the engine would, for measurements.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <millrace/backend.h>
#include <millrace/error.h>

namespace millrace {

class BatchLoop {
 public:
  /// The batches are of pane 0; their buffers are numbered here. `sink` gets what the backend has to hand over
  /// on the way. All of them outlive the loop.
  BatchLoop(Backend& backend, std::span<const Batch> batches, PartialSink& sink)
      : backend_(backend), batches_(batches), sink_(sink) {}

  /// Gives the next batch, after the last one the first again, and returns its index. Waits while enough are in
  /// flight.
  std::size_t submit() {
    while (in_flight_ >= backend_.in_flight_max()) take_back();
    give(next_);
    return next_++ % batches_.size();
  }
  /// Waits for all that are in flight.
  void settle() {
    while (in_flight_ > 0) take_back();
  }
  void collect() { backend_.collect({}, sink_); }

 private:
  void give(std::uint32_t number) {
    Batch batch = batches_[number % batches_.size()];
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
    settle();
    collect();
    give(again);
  }

  Backend& backend_;
  std::span<const Batch> batches_;
  PartialSink& sink_;
  std::uint32_t next_ = 0;
  unsigned in_flight_ = 0;
};

}  // namespace millrace
