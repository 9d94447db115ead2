// Three kinds of thread, each a loop around a step.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/pipeline.h"

#include <utility>

#include "base/start_thread.h"
#include "host/backends/pool.h"

namespace millrace {
namespace {

thread_local const Pipeline* running_here = nullptr;

// The panes of an undecided epoch belong to the committer alone.
EngineStart start_of(const Recovered& recovered) {
  EngineStart start{.positions = {}, .last = recovered.last, .stamp = recovered.stamp};
  start.open_panes = recovered.open;
  if (!recovered.undecided) return start;
  for (const Pane pane : recovered.undecided->closed) start.open_panes.erase(pane);
  start.over = recovered.undecided->last;
  return start;
}

// From what a log holds rows are made again, and must come in the same order.
PipelineParts completed(PipelineParts parts) {
  if (parts.log->durable() && parts.plan.order == Order::none) parts.plan.order = Order::key;
  if (parts.positions.empty()) parts.positions = first_positions(parts.sources);
  return parts;
}

}  // namespace

std::vector<ReaderPosition> first_positions(const SourceList& sources) {
  std::vector<ReaderPosition> positions(sources.size());
  for (std::size_t i = 0; i < sources.size(); ++i) sources[i]->marks(positions[i].marks);
  return positions;
}

void start_log(PipelineParts& parts) {
  if (!parts.log->durable()) return;
  if (parts.positions.empty()) parts.positions = first_positions(parts.sources);
  std::vector<ReaderInputs> inputs;
  for (std::size_t i = 0; i < parts.sources.size(); ++i) {
    const auto partitions = parts.sources[i]->partitions();
    inputs.push_back({{partitions.begin(), partitions.end()}, parts.positions[i].marks});
  }
  parts.log->start(inputs);
}

Pipeline::Pipeline(PipelineParts parts)
    : parts_(completed(std::move(parts))),
      panes_(parts_.plan.every, parts_.clock, parts_.options.on_event, parts_.recovered.pane),
      ring_(parts_.budget),
      partitions_(parts_.sources.size()),
      mailboxes_(parts_.sources.size(), ring_.readers,
                 [this](std::size_t reader) { parts_.sources[reader]->wake(); }) {
  ring_.fill(make_pool(*parts_.backend, parts_.sources.size(), parts_.options.batch_bytes));

  const ReaderShared shared{parts_.plan, parts_.host, parts_.options, parts_.clock, panes_,
                            ring_,       partitions_, parts_.budget,  metrics_,     parts_.log->durable()};
  EngineStart start = start_of(parts_.recovered);
  start.positions = std::move(parts_.positions);
  bool replayable = true;
  for (std::size_t i = 0; i < parts_.sources.size(); ++i) {
    Source& source = *parts_.sources[i];
    replayable = replayable && source.replayable();
    readers_.push_back(std::make_unique<Reader>(static_cast<unsigned>(i), source, mailboxes_.of(i), shared));
  }
  committer_ = std::make_unique<Committer>(
      parts_.sinks, parts_.opened,
      CommitterShared{parts_.plan, parts_.options, parts_.clock, panes_, ring_, mailboxes_, *parts_.log,
                      *parts_.workers, parts_.budget, metrics_, parts_.state_seed, parts_.job});
  committer_->resume(std::move(parts_.recovered));
  engine_ = std::make_unique<Engine>(
      EngineBackends{std::move(parts_.backend), std::move(parts_.fallback), std::move(parts_.migration)},
      std::move(start),
      EngineShared{parts_.plan, parts_.options, parts_.clock, panes_, ring_, mailboxes_, *committer_,
                   partitions_, parts_.budget, metrics_, parts_.log->durable(), replayable});
}

Pipeline::~Pipeline() = default;

void Pipeline::run() {
  {
    std::vector<std::jthread> threads;
    guard([&] {
      start_others(threads);
      run_engine();
    });
    end_threads();  // if one was refused, those before it run
  }
  if (error_) std::rethrow_exception(error_);
}

void Pipeline::start_others(std::vector<std::jthread>& threads) {
  threads.reserve(1 + readers_.size());
  threads.push_back(start_thread([this] { guard([this] { run_committer(); }); }));
  for (std::size_t reader = 0; reader < readers_.size(); ++reader)
    threads.push_back(start_thread([this, reader] { guard([this, reader] { run_reader(reader); }); }));
}

void Pipeline::drain() {
  engine_->drain();
  ring_.engine.notify();
}

void Pipeline::run_reader(std::size_t reader) {
  while (!over_) {
    const std::uint64_t seen = ring_.readers.seen();
    // Waits in the source as long as that likes: new orders wake it.
    const Step step = readers_[reader]->step(kNever);
    if (step.progress || step.waited || over_) continue;
    const Stopwatch waiting(metrics_.timeline, Activity::reader_waits, parts_.clock);
    ring_.readers.wait(seen, parts_.clock.wake_for(step.wake));
  }
  tell_the_last_commit(reader);
}

// The last epoch is committed when the job is already over; its source must still learn of it.
void Pipeline::tell_the_last_commit(std::size_t reader) {
  while (engine_->finished()) {
    const Step step = readers_[reader]->step(Instant::min());
    if (readers_[reader]->has_told_all()) return;
    std::this_thread::sleep_until(parts_.clock.wake_for(step.wake));
  }
}

void Pipeline::run_committer() {
  while (!over_) {
    const std::uint64_t seen = committer_->work.seen();
    const Step step = committer_->step();
    if (step.progress || over_) continue;
    const Stopwatch waiting(metrics_.timeline, Activity::committer_waits, parts_.clock);
    committer_->work.wait(seen, parts_.clock.wake_for(step.wake));
  }
}

void Pipeline::run_engine() {
  while (!over_ && !engine_->finished()) {
    const std::uint64_t seen = ring_.engine.seen();
    const Step step = engine_->step();
    if (step.progress || over_) continue;
    const Stopwatch waiting(metrics_.timeline, Activity::engine_waits, parts_.clock);
    ring_.engine.wait(seen, parts_.clock.wake_for(step.wake));
  }
}

bool Pipeline::runs_this_thread() const {
  return running_here == this;
}

void Pipeline::guard(const std::function<void()>& loop) noexcept {
  running_here = this;
  try {
    loop();
  } catch (...) {
    fail(std::current_exception());
  }
  running_here = nullptr;
}

void Pipeline::fail(std::exception_ptr error) noexcept {
  {
    const std::scoped_lock lock(error_mutex_);
    if (!error_) error_ = std::move(error);
  }
  end_threads();
}

void Pipeline::end_threads() noexcept {
  over_ = true;
  for (const auto& source : parts_.sources) source->wake();
  ring_.readers.notify();
  ring_.engine.notify();
  committer_->work.notify();
}

}  // namespace millrace
