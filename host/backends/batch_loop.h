// Gives a backend the same batches again and again, as the engine would, for measurements.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include <millrace/backend.h>

#include "kernels/backend_driver.h"

namespace millrace {

class BatchLoop {
 public:
  /// The batches are of pane 0; their buffers are numbered here. `sink` gets what the backend has to hand over
  /// on the way. All of them outlive the loop.
  BatchLoop(Backend& backend, std::span<const Batch> batches, PartialSink& sink)
      : in_flight_max_(backend.in_flight_max()),
        batches_(batches),
        driver_(backend, {.came_back = [](const Finished&) {},
                          .collect = [&](Pane pane) { backend.collect(pane, sink); }}) {}

  /// Gives the next batch, after the last one the first again, and returns its index. Waits while enough are in
  /// flight.
  std::size_t submit() {
    while (driver_.in_flight() >= in_flight_max_) driver_.reclaim(Wait::yes);
    const std::size_t index = next_ % batches_.size();
    Batch batch = batches_[index];
    batch.buffer = {next_++};
    driver_.submit(batch);
    return index;
  }
  /// Waits for all that are in flight.
  void settle() { driver_.settle(); }
  void collect() { driver_.collect({}); }

 private:
  unsigned in_flight_max_;
  std::span<const Batch> batches_;
  BackendDriver driver_;
  std::uint32_t next_ = 0;
};

}  // namespace millrace
