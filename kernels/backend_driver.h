// Drives a backend: what it gives back uncounted is submitted again, when there is room.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include <millrace/backend.h>

namespace millrace {

/// The caller's half of the contract of Backend, once for all callers. One thread calls everything.
///
/// After a DeviceError the driver is of no further use: its owner still has the batches of which it was not
/// told that they are counted.
class BackendDriver {
 public:
  /// What the owner does. Neither calls the driver.
  struct Owner {
    /// A batch came back, counted or not; its rejects are lent for the call. An uncounted one comes again.
    std::function<void(const Finished&)> came_back;
    /// Takes what the backend has counted of a pane: calls Backend::collect.
    std::function<void(Pane)> collect;
  };

  /// REQUIRES: the backend outlives the driver, and nothing is in flight in it.
  BackendDriver(Backend& backend, Owner owner) : backend_(backend), owner_(std::move(owner)) {}

  /// REQUIRES: the batch and its memory stay as they are until it has come back counted.
  void submit(const Batch& batch);
  /// Takes back what is finished: one batch, and more only if it was not counted. False if there was none.
  /// Wait::yes waits for one, if any is in flight.
  bool reclaim(Wait wait);
  /// Takes back all.
  void settle();
  /// Has the owner collect a pane.
  void collect(Pane pane);

  std::size_t in_flight() const { return in_flight_.size(); }
  /// Those of which the backend may have something.
  const std::set<Pane>& panes() const { return panes_; }

 private:
  bool take_back(Wait wait);
  void submit_again();
  void make_room(const Batch& batch);
  bool is_counted(const Batch& batch);

  Backend& backend_;
  Owner owner_;
  std::map<BufferId, Batch> in_flight_;
  std::vector<Batch> uncounted_;
  std::set<Pane> panes_;
};

}  // namespace millrace
