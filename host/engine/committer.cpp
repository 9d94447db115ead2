// frame -> sink(id) -> commit, with bounded retries.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/committer.h"

#include <algorithm>
#include <limits>

namespace millrace {

Committer::Committer(std::vector<std::shared_ptr<Sink>> sinks, const CommitterShared& shared)
    : shared_(shared),
      results_({.plan = shared.plan,
                .panes = shared.panes,
                .threads = shared.options.threads,
                .seed = shared.state_seed,
                .budget = shared.budget}),
      backoff_(shared.options) {
  for (auto& sink : sinks) sinks_.push_back({.sink = std::move(sink)});
  const auto repeats_badly = [](const SinkProgress& showing) {
    return showing.sink->delivery() == Delivery::at_least_once;
  };
  std::ranges::stable_sort(sinks_, {}, repeats_badly);
}

void Committer::accept(EpochData epoch) {
  check(idle(), "the engine hands over one epoch at a time");
  {
    const std::scoped_lock lock(handover_);
    handed_ = std::move(epoch);
    idle_.store(false, std::memory_order_release);
  }
  work.notify();
}

Step Committer::step() {
  if (!epoch_) {
    const std::scoped_lock lock(handover_);
    if (!handed_) return Step::wait();
    epoch_ = std::exchange(handed_, std::nullopt);
    backoff_.succeeded();
    persist(*epoch_);
    return Step::done();
  }
  if (shared_.clock.now() < backoff_.until()) return Step::wait(backoff_.until());
  rows_ = 0;
  try {
    if (results_.has_rows(epoch_->closed)) publish(*epoch_);
  } catch (const TransientError&) {
    abandon(epoch_->id);
    if (backoff_.exhausted()) throw;
    backoff_.failed(shared_.clock.now());
    ++shared_.metrics.retries;
    return Step::wait(backoff_.until());
  } catch (...) {
    abandon(epoch_->id);
    throw;
  }
  epoch_->times.published = shared_.clock.now();
  finish(*epoch_);
  return Step::done();
}

// After this the epoch can be shown any number of times, with the same rows.
void Committer::persist(EpochData& epoch) {
  shared_.log.append(epoch);
  epoch.times.appended = shared_.clock.now();
  tokens_ = 0;
  for (auto& [pane, columns] : epoch.partials) {
    tokens_ += static_cast<std::uint64_t>(columns.count_total);
    results_.merge(pane, std::move(columns));
  }
  epoch.partials.clear();
  epoch.times.folded = shared_.clock.now();
}

void Committer::publish(const EpochData& epoch) {
  tell_sinks([&](SinkProgress& showing) {
    showing.begun = true;
    showing.sink->begin({epoch.id, epoch.partial});
  });
  for (const Pane pane : epoch.closed)
    results_.write(pane, [this](std::span<const Aggregate> rows) { write(rows); });
  tell_sinks([&](SinkProgress& showing) {
    showing.sink->finish(epoch.id);
    showing.finished = true;
  });
}

// A sink whose reader has gone gets no more; the job goes on for the others, and ends with the last one.
void Committer::tell_sinks(const std::function<void(SinkProgress&)>& tell) {
  for (SinkProgress& showing : sinks_) {
    if (!showing.wants_rows()) continue;
    const Instant begin = shared_.clock.now();
    try {
      tell(showing);
      showing.took += shared_.clock.now() - begin;
    } catch (const OutputClosed&) {
      showing.gone = true;
      showing.sink->abandon(epoch_->id);
      if (std::ranges::all_of(sinks_, &SinkProgress::gone)) throw;
    }
  }
}

void Committer::finish(const EpochData& epoch) {
  for (const Pane pane : epoch.closed) results_.forget(pane);
  shared_.log.commit(epoch.id);
  shared_.readers.epoch_over(epoch.finished);
  shared_.metrics.rows += rows_;
  shared_.metrics.tokens += tokens_;
  for (std::size_t reason = 0; reason < kRejectReasons; ++reason)
    shared_.metrics.rejected[reason] += epoch.rejected[reason];
  shared_.metrics.bad_records.add(epoch.bad_records);
  ++shared_.metrics.epochs;
  note_times(epoch.times);
  for (SinkProgress& showing : sinks_) showing.begun = showing.finished = false;
  epoch_.reset();
  idle_.store(true, std::memory_order_release);
  shared_.ring.engine.notify();
}

void Committer::note_times(EpochTimes times) {
  times.committed = shared_.clock.now();
  for (std::size_t i = 0; i < sinks_.size(); ++i)
    times.sinks[std::min(i, kSinksTimed - 1)] += std::exchange(sinks_[i].took, {});
  shared_.metrics.timeline.epochs.add(times);
}

// A sink that has already finished the epoch keeps it; the others get it again under the same id.
void Committer::abandon(EpochId epoch) {
  for (SinkProgress& showing : sinks_) {
    if (showing.begun && showing.wants_rows()) showing.sink->abandon(epoch);
    showing.begun = false;
  }
}

void Committer::write(std::span<const Aggregate> rows) {
  tell_sinks([&](SinkProgress& showing) { showing.sink->write(rows); });
  rows_ += rows.size();
}

}  // namespace millrace
