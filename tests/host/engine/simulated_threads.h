// The threads of a job on one thread: each sleeps and wakes as the real one would, and a seed says who is next.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "host/engine/pipeline.h"
#include "tests/host/engine/simulated_source.h"

namespace millrace::simulation {

/// Batches and epochs have passed their places in order, and none was left out.
inline bool times_go_on(const Timeline& timeline) {
  return std::ranges::all_of(
             timeline.batches.latest(),
             [](const BatchTimes& batch) {
               return std::ranges::is_sorted(std::array{batch.opened, batch.closed, batch.popped,
                                                        batch.submitted, batch.finished}) &&
                      batch.opened > Instant{};
             }) &&
         std::ranges::all_of(timeline.epochs.latest(), [](const EpochTimes& epoch) {
           return std::ranges::is_sorted(std::array{epoch.asked, epoch.marked, epoch.collected, epoch.appended,
                                                    epoch.folded, epoch.published, epoch.committed}) &&
                  epoch.asked > Instant{};
         });
}

/// The loops around step() of pipeline.cpp. Who has said "wait" takes no step before its time unless it is
/// notified, and who waits inside its source none before that returns: what loses a wake-up there, loses it
/// here.
class SimThreads {
 public:
  SimThreads(Pipeline& pipeline, const std::vector<SimSource*>& sources, const Clock& clock, Dice& dice)
      : clock_(clock), dice_(dice) {
    threads_.push_back({pipeline.ring().engine, [&pipeline] { return pipeline.engine().step(); }});
    threads_.push_back({pipeline.committer().work, [&pipeline] { return pipeline.committer().step(); }});
    for (std::size_t i = 0; i < sources.size(); ++i)
      threads_.push_back({pipeline.ring().readers,
                          [&pipeline, i] { return pipeline.readers()[i]->step(Instant::min()); }, sources[i]});
  }

  /// One of those that are awake takes a step; false if all sleep. May be called in the middle of a step, where
  /// its thread has not slept but is slow.
  bool step() {
    awake_.clear();
    for (Thread& thread : threads_)
      if (thread.exists && !thread.is_at_work && is_awake(thread)) awake_.push_back(&thread);
    if (awake_.empty()) return false;
    step(*awake_[static_cast<std::size_t>(dice_.between(0, static_cast<int>(awake_.size()) - 1))]);
    return true;
  }

  /// Only the first `started` of the threads that the engine's starts are there, and that one never comes to
  /// its loop.
  void refuse_behind(std::size_t started) {
    for (std::size_t i = 0; i < threads_.size(); ++i) threads_[i].exists = i > 0 && i <= started;
  }
  bool all_awake() const {
    return std::ranges::all_of(threads_, [this](const Thread& each) { return !each.exists || is_awake(each); });
  }

  /// When the first of them wakes by the clock. REQUIRES: all sleep.
  Instant next_wake() const { return std::ranges::min_element(threads_, {}, &Thread::wake)->wake; }

 private:
  struct Thread {
    const EventCount& events;
    std::function<Step()> work;
    const SimSource* source = nullptr;  ///< a reader's
    bool exists = true;
    bool is_at_work = false;
    bool sleeps = false;
    bool in_source = false;  ///< where only the source wakes it
    std::uint64_t seen = 0;  ///< of the events, before it looked for work
    Instant wake = kNever;
    Instant hasty_at{};  ///< when it last said "wait" and did not mean it
  };

  bool is_awake(const Thread& thread) const {
    if (!thread.sleeps || clock_.now() >= thread.wake) return true;
    return thread.in_source ? !thread.source->waits() : thread.events.seen() != thread.seen;
  }

  void step(Thread& thread) const {
    thread.seen = thread.events.seen();
    thread.is_at_work = true;
    const Step step = thread.work();
    thread.is_at_work = false;
    if (!step.progress && !step.waited && step.wake <= clock_.now())
      check(std::exchange(thread.hasty_at, clock_.now()) != clock_.now(),
            "who has nothing to do waits, and does not look again and again");
    thread.sleeps = !step.progress;
    thread.in_source = step.waited;
    thread.wake = step.wake;
  }

  const Clock& clock_;
  Dice& dice_;
  std::vector<Thread> threads_;
  std::vector<Thread*> awake_;
};

}  // namespace millrace::simulation
