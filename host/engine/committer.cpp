// frame -> each sink(id) -> commit, with bounded retries.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/committer.h"

#include <algorithm>
#include <string>

namespace millrace {
namespace {

// So much of an epoch's time goes to the log behind it, if that has work: else it would get none of a busy job.
constexpr int kTendingShare = 4;

}  // namespace

Committer::Committer(std::vector<std::shared_ptr<Sink>> sinks, std::span<const OpenedSink> opened,
                     const CommitterShared& shared)
    : shared_(shared),
      results_({.plan = shared.plan,
                .panes = shared.panes,
                .workers = shared.workers,
                .budget = shared.budget,
                .seed = shared.state_seed}),
      backoff_(shared.options) {
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    const OpenedSink known = i < opened.size() ? opened[i] : OpenedSink{};
    sinks_.push_back({.sink = std::move(sinks[i]), .name = known.name, .last = known.last});
  }
  const auto repeats_badly = [](const SinkProgress& showing) {
    return showing.sink->delivery() == Delivery::at_least_once;
  };
  std::ranges::stable_sort(sinks_, {}, repeats_badly);
}

// An undecided epoch is in the log: it is shown to those who do not say that they have it.
void Committer::resume(Recovered recovered) {
  replay(recovered);
  for (std::size_t reason = 0; reason < kRejectReasons; ++reason)
    shared_.metrics.rejected[reason] += recovered.rejected[reason];
  if (!recovered.undecided) return;
  const Instant now = shared_.clock.now();
  epoch_.emplace();
  epoch_->id = recovered.last;
  epoch_->stamp = recovered.stamp;
  epoch_->closed = std::move(recovered.undecided->closed);
  epoch_->last = recovered.undecided->last;
  epoch_->partial = recovered.undecided->partial;
  epoch_->times = {.asked = now, .marked = now, .collected = now, .appended = now, .folded = now};
  begin(recovered.frame);
  for (SinkProgress& sink : sinks_)
    sink.finished = sink.last && is_same(*sink.last, Shown{told_.id, told_.frame});
  idle_.store(false, std::memory_order_release);
}

void Committer::replay(const Recovered& recovered) {
  const EpochId undecided = recovered.undecided ? recovered.last : EpochId{};
  shared_.log.replay([&](EpochData&& epoch, std::uint64_t) {
    for (auto& [pane, columns] : epoch.partials) results_.merge(pane, std::move(columns));
    if (epoch.id != undecided) forget(epoch.closed);
  });
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
    if (shared_.clock.now() < tend_until_ && tend_log()) return Step::done();
    std::optional<EpochData> handed;
    {
      const std::scoped_lock lock(handover_);
      handed = std::exchange(handed_, std::nullopt);
    }
    if (!handed) return tend_log() ? Step::done() : Step::wait();
    take(*std::move(handed));
    return Step::done();
  }
  const auto next = std::ranges::find_if(sinks_, &SinkProgress::wants_epoch);
  if (shows_ && next != sinks_.end()) return publish(*next);
  epoch_->times.published = shared_.clock.now();
  finish(*epoch_);
  return Step::done();
}

// Between epochs, where there is nothing else to do, and for a while where one follows the other.
bool Committer::tend_log() {
  try {
    return shared_.log.work();
  } catch (const Error& error) {
    if (shared_.options.on_event)
      shared_.options.on_event(
          {Event::Level::warning,
           std::string("no snapshot of the checkpoint was made, and it grows: ") + error.what()});
  }
  return false;
}

// After this the epoch can be shown any number of times, with the same rows.
void Committer::take(EpochData taken) {
  EpochData& epoch = epoch_.emplace(std::move(taken));
  const std::uint64_t frame = shared_.log.append(epoch);
  epoch.times.appended = shared_.clock.now();
  std::uint64_t tokens = 0;
  for (auto& [pane, columns] : epoch.partials) {
    tokens += static_cast<std::uint64_t>(columns.count_total);
    results_.merge(pane, std::move(columns));
  }
  epoch.partials.clear();
  epoch.times.folded = shared_.clock.now();
  begin(frame);
  tokens_ = tokens;
}

void Committer::begin(std::uint64_t frame) {
  const EpochData& epoch = *epoch_;
  told_ = {.id = epoch.id, .stamp = epoch.stamp, .frame = frame, .last = epoch.last, .partial = epoch.partial};
  shows_ = results_.has_rows(epoch.closed);
  tokens_ = rows_ = 0;
}

// A sink whose reader has gone gets no more; the job goes on for the others, and ends with the last one.
Step Committer::publish(SinkProgress& sink) {
  if (shared_.clock.now() < backoff_.until()) return Step::wait(backoff_.until());
  try {
    if (sink.failed) open_again(sink);
    if (!sink.finished) show(sink);
  } catch (const OutputClosed&) {
    sink.gone = true;
    if (std::ranges::all_of(sinks_, &SinkProgress::gone)) throw;
  } catch (const TransientError&) {
    sink.failed = true;
    if (backoff_.exhausted()) throw;
    backoff_.failed(shared_.clock.now());
    ++shared_.metrics.retries;
    return Step::wait(backoff_.until());
  }
  backoff_.succeeded();
  return Step::done();
}

// It has finished the epoch after this, or abandoned it.
void Committer::show(SinkProgress& showing) {
  Sink& sink = *showing.sink;
  const auto timed = [&](auto call) {
    const Instant begin = shared_.clock.now();
    call();
    showing.took += shared_.clock.now() - begin;
  };
  std::uint64_t written = 0;
  try {
    timed([&] { sink.begin(told_); });
    for (const Pane pane : epoch_->closed) {
      results_.write(pane, [&](std::span<const Aggregate> rows) {
        timed([&] { sink.write(rows); });
        written += rows.size();
        rows_ = std::max(rows_, written);
      });
    }
    timed([&] { sink.finish(told_); });
  } catch (...) {
    sink.abandon(told_.id);
    throw;
  }
  showing.finished = true;
  showing.last = Shown{told_.id, told_.frame};
}

// The reply to its last call may be lost, or another instance of the job may have taken its place.
void Committer::open_again(SinkProgress& showing) {
  const std::optional<Shown> shown = showing.sink->open(shared_.job);
  showing.failed = false;
  if (!shown || (showing.last && is_same(*shown, *showing.last))) return;
  const Shown now{told_.id, told_.frame};
  if (!is_same(*shown, now))
    throw IoError(showing.name + " has finished epoch " + std::to_string(shown->id.number) +
                  ", which this job has not shown it: end the other job that writes to it");
  showing.finished = true;
  showing.last = now;
}

// The next run of a job without windows goes on counting if its input has grown.
void Committer::forget(const std::vector<Pane>& closed) {
  if (shared_.log.durable() && !shared_.panes.windowed()) return;
  for (const Pane pane : closed) results_.forget(pane);
}

void Committer::finish(const EpochData& epoch) {
  forget(epoch.closed);
  shared_.log.commit(epoch.id);
  shared_.readers.epoch_over(epoch.finished);
  shared_.metrics.rows += rows_;
  shared_.metrics.tokens += tokens_;
  for (std::size_t reason = 0; reason < kRejectReasons; ++reason)
    shared_.metrics.rejected[reason] += epoch.rejected[reason];
  shared_.metrics.bad_records.add(epoch.bad_records);
  ++shared_.metrics.epochs;
  note_times(epoch.times);
  const Instant now = shared_.clock.now();
  tend_until_ = now + (now - epoch.times.asked) / kTendingShare;
  for (SinkProgress& showing : sinks_) showing.finished = false;
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

}  // namespace millrace
