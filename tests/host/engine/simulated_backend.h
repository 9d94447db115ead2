// A backend for the simulator that does whatever a backend may.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/backend.h>

#include "base/partial_bytes.h"
#include "kernels/key.h"
#include "tests/host/engine/simulated_source.h"

namespace millrace::simulation {

/// Counts words with maps and rejects some. Finishes batches in any order, gives some back uncounted, and dies
/// on demand.
class SimBackend final : public Backend {
 public:
  SimBackend(Dice& dice, bool mortal, std::string_view name = "simulated")
      : dice_(dice), mortal_(mortal), name_(name), panes_max_(dice.between(1, 3)) {}

  std::string_view name() const override { return name_; }
  bool may_fail() const override { return mortal_; }
  HostBuffer allocate(std::size_t capacity) override { return pageable_buffer(capacity, unlimited_budget()); }
  std::size_t batch_bytes() const override { return 64; }
  unsigned in_flight_max() const override { return 2; }

  void submit(const Batch& batch) override {
    stumble();
    in_flight_.push_back(batch);
  }

  std::optional<Finished> reclaim(Wait wait) override {
    stumble();
    if (in_flight_.empty() || (wait == Wait::no && dice_.one_in(2))) return std::nullopt;
    const auto chosen = in_flight_.begin() + dice_.between(0, static_cast<int>(in_flight_.size()) - 1);
    const Batch batch = *chosen;
    in_flight_.erase(chosen);
    if (!has_room_for(batch.pane)) return Finished{.buffer = batch.buffer, .counted = false, .rejects = {}};
    Counts& counts = panes_[batch.pane];
    rejects_.clear();
    count(batch, counts);
    return Finished{.buffer = batch.buffer, .counted = true, .rejects = rejects_};
  }

  void collect(Pane pane, PartialSink& sink) override {
    stumble();
    for (const auto& [word, count] : panes_[pane]) {
      const Key key = make_key(word.data(), static_cast<std::uint32_t>(word.size()), kSeed);
      const std::string_view text = is_packed(key) ? std::string_view() : std::string_view(word);
      sink.add({.keys = {&key, 1}, .texts = {&text, 1}, .counts = {&count, 1}, .values = {}, .unique = true});
      stumble();
    }
    panes_.erase(pane);
  }
  // Far above what there is, now and then.
  std::size_t held_bytes() const override {
    std::size_t bytes = 0;
    for (const auto& [pane, counts] : panes_)
      for (const auto& [word, count] : counts) bytes += partial_bytes(0) + word.size();
    return bytes != 0 && dice_.one_in(50) ? SIZE_MAX / 2 : bytes;
  }

 private:
  // A pane may be full if anything is in it; and there may be too many panes.
  bool has_room_for(Pane pane) {
    const auto found = panes_.find(pane);
    if (found == panes_.end()) return static_cast<int>(panes_.size()) < panes_max_;
    return found->second.empty() || !dice_.one_in(10);
  }
  void stumble() {
    if (mortal_ && dice_.one_in(150)) throw DeviceError("the device fell over");
  }
  void count(const Batch& batch, Counts& counts) {
    const std::string_view bytes(reinterpret_cast<const char*>(batch.bytes.data()), batch.bytes.size());
    std::size_t begin = 0;
    std::size_t next_end = 0;
    for (std::size_t at = 0; at <= bytes.size(); ++at) {
      const bool record_end = next_end < batch.ends.size() && batch.ends[next_end] == at;
      if (record_end) ++next_end;
      const bool separator = at == bytes.size() || bytes[at] == '\n';
      if (!record_end && !separator) continue;
      if (at > begin) count(bytes.substr(begin, at - begin), begin, counts);
      begin = at + (separator ? 1 : 0);
    }
  }
  void count(std::string_view word, std::size_t at, Counts& counts) {
    if (!is_bad(word)) {
      ++counts[std::string(word)];
    } else {
      rejects_.push_back({{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(word.size())}});
    }
  }

  Dice& dice_;
  bool mortal_;
  std::string_view name_;
  int panes_max_;
  std::vector<Batch> in_flight_;
  std::vector<Reject> rejects_;  ///< lent until the next call
  std::map<Pane, Counts> panes_;
};

}  // namespace millrace::simulation
