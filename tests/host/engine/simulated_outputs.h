// The outputs of a simulated job over its runs: one is left out and brought back, and somebody may empty it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "host/engine/opened_sink.h"
#include "host/log/frame_log.h"
#include "tests/host/engine/simulated_sink.h"

namespace millrace::simulation {

/// The first one cannot tell what it has, gets an epoch last and is never left out: what it has was shown. The
/// last one remembers, and comes and goes: it must be refused if it lacks rows of what was shown since it
/// began.
class SimOutputs {
 public:
  explicit SimOutputs(Dice& dice) : dice_(dice) {
    for (const Delivery delivery : {Delivery::at_least_once, Delivery::idempotent, Delivery::transactional})
      all_.push_back(std::make_shared<SimSink>(dice, delivery));
  }
  const std::vector<std::shared_ptr<SimSink>>& all() const { return all_; }
  std::uint64_t refused() const { return refused_; }
  /// What is wrong with what the log knows of them; empty: nothing.
  const std::string& wrong() const { return wrong_; }

  /// Those of the run that begins. Null: the job has no log, and only one run.
  std::vector<std::shared_ptr<Sink>> choose(FrameLog* log, bool windowed) {
    if (log == nullptr) return {all_.begin(), all_.end()};
    recovered_ = log->recovered();
    windowed_ = windowed;
    if (windowed && recovered_.shown.id != last_shown()) wrong_ = "the log does not know what was shown last";
    known_ = (known_ || present_) && recovered_.last > last_at_start_;
    last_at_start_ = recovered_.last;
    const bool was_new = recovered_.shown.id < begins_;
    if (recovered_.last.number > 0 && dice_.one_in(4)) coming().forget();
    if (recovered_.last.number > 0 && dice_.one_in(2)) present_ = !present_;
    if (present_)
      take_in();
    else if (was_new)
      begins_ = {};  // it was shown nothing, and the log forgets it
    opened_.clear();
    std::vector<std::shared_ptr<Sink>> sinks;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (i + 1 == all_.size() && !present_) continue;
      opened_.push_back(known(i));
      sinks.push_back(all_[i]);
    }
    log->list(outputs_of_run(opened_, recovered_, windowed_));
    return sinks;
  }

  /// When the log has begun, or gone on.
  std::vector<OpenedSink> open() {
    for (std::size_t i = 0; i < opened_.size(); ++i) {
      opened_[i].last = open_after_crash(*all_[i]);
      require_in_step(opened_[i], recovered_, windowed_, {});
    }
    return opened_;
  }

  std::string verdict(bool windowed, const WindowCounts& begun, const WindowCounts& returned) const {
    for (const auto& sink : all_) {
      const bool has_all = sink != all_.back() || (present_ && begins_ == EpochId{1});
      std::string wrong = has_all ? verdict_on(*sink, windowed, begun, returned) : verdict_on_coming();
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

 private:
  SimSink& coming() const { return *all_.back(); }
  EpochId next() const { return recovered_.undecided ? recovered_.last : EpochId{recovered_.last.number + 1}; }
  EpochId last_shown() const {
    EpochId last;
    for (const SimSink::Finished& epoch : all_[0]->epochs())
      if (!recovered_.undecided || epoch.id != recovered_.last) last = epoch.id;
    return last;
  }
  OpenedSink known(std::size_t i) const {
    OpenedSink sink{.name = "output " + std::to_string(i), .listed_as = "output " + std::to_string(i)};
    sink.remembers = all_[i] == all_.back();
    sink.accept_gap = sink.remembers;
    if (sink.remembers && !coming().epochs().empty()) sink.last = Shown{coming().epochs().back().id};
    return sink;
  }

  // What the list must say is known where an epoch of the run before is durable: its key frame is, then.
  void take_in() {
    const bool has_any = !coming().epochs().empty();
    const EpochId has = has_any ? coming().epochs().back().id : EpochId{};
    const bool is_new = begins_ == EpochId{} && !has_any;
    const bool lacks = !is_new && last_shown() > has && last_shown() >= begins_;
    const bool refused = gap_of(known(all_.size() - 1), recovered_, windowed_).has_value();
    if (known_ && refused != (lacks && windowed_))
      wrong_ = refused ? "an output is refused that lacks nothing" : "an output lacks rows, and goes on";
    refused_ += refused && known_ ? 1U : 0U;
    if (refused && dice_.one_in(2)) {
      present_ = false;
      return;
    }
    if (is_new || refused || lacks)
      begins_ = next();
    else if (begins_ == EpochId{})
      begins_ = listed_first();
  }

  // It was forgotten, but has an epoch that nobody else was shown: what the run that forgot it wrote may be
  // lost.
  EpochId listed_first() const {
    const std::string name = known(all_.size() - 1).listed_as;
    const auto listed = std::ranges::find(recovered_.outputs, name, &LoggedOutput::name);
    return listed == recovered_.outputs.end() ? next() : listed->first;
  }

  // Epochs that it has are those of the others, and it has all since it began.
  std::string verdict_on_coming() const {
    const std::vector<SimSink::Finished>& truth = all_[0]->epochs();
    for (const SimSink::Finished& epoch : coming().epochs()) {
      const auto found = std::ranges::find(truth, epoch.id, &SimSink::Finished::id);
      if (found != truth.end() && found->rows != epoch.rows) return "an epoch has other rows in another output";
    }
    if (!present_) return "";
    for (const SimSink::Finished& epoch : truth)
      if (epoch.id >= begins_ &&
          std::ranges::find(coming().epochs(), epoch.id, &SimSink::Finished::id) == coming().epochs().end())
        return "an output lacks an epoch";
    return "";
  }

  Dice& dice_;
  std::vector<std::shared_ptr<SimSink>> all_;
  Recovered recovered_;
  bool windowed_ = false;
  std::vector<OpenedSink> opened_;  ///< of the run
  bool present_ = true;             ///< the last one
  EpochId begins_{1};               ///< it is to have all epochs since; 0: nobody knows
  bool known_ = false;              ///< what the list says of it
  EpochId last_at_start_;
  std::uint64_t refused_ = 0;
  std::string wrong_;
};

}  // namespace millrace::simulation
