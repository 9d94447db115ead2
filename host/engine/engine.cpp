// The journey of a batch, and of an epoch.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/engine.h"

#include <algorithm>

namespace millrace {
namespace {

std::string_view text_of(const Reject& reject, std::span<const std::byte> batch) {
  return {reinterpret_cast<const char*>(batch.data()) + reject.where.offset, reject.where.length};
}

}  // namespace

Engine::Engine(EngineBackends backends, EngineStart start, const EngineShared& shared)
    : shared_(shared),
      value_columns_(value_columns(shared.plan.measures).size()),
      fallback_(std::move(backends.fallback)),
      open_panes_(start.open_panes),
      epochs_(start.last.number),
      stamp_(start.stamp),
      epoch_began_(shared.clock.now()),
      round_(start.positions.size(), shared.readers),
      over_(start.over),
      handed_positions_(std::move(start.positions)),
      handed_open_panes_(std::move(start.open_panes)) {
  drive(std::move(backends.first));
  if (!backends.migration.start) return;
  check(!backend_->may_fail(), "only a backend that cannot fail is left for a better one");
  migration_.emplace(std::move(backends.migration), shared_.clock, shared_.budget);
}

void Engine::drive(std::unique_ptr<Backend> backend) {
  driver_.reset();
  backend_ = std::move(backend);
  driver_.emplace(*backend_,
                  BackendDriver::Owner{.came_back = [this](const Finished& finished) { take_back(finished); },
                                       .collect = [this](Pane pane) { collect(pane); }});
  shared_.metrics.backend.set(backend_->name());
}

Step Engine::step() {
  try {
    return advance();
  } catch (const DeviceError& error) {
    lose_device(error);
    return Step::done();
  }
}

Step Engine::advance() {
  pass_on_drain();
  bool progress = shared_.ring.serve_one_offs();
  progress |= reclaim_finished();
  ask_for_the_trial();
  const Instant now = shared_.clock.now();
  if (epoch_is_due(now)) {
    round_.ask(shared_.panes.at(now));
    epoch_.times.asked = now;
  }
  if (round_.all_marked()) {
    finish_round();
    progress = true;
  } else if (!over_ && !is_held_up(now)) {
    progress |= pop_item();
  }
  finish_job_if_done();
  return progress || finished_ ? Step::done() : Step::wait(next_wake());
}

void Engine::pass_on_drain() {
  if (drain_passed_on_ || !drain_asked_.load(std::memory_order_acquire)) return;
  drain_passed_on_ = true;
  shared_.readers.drain();
}

bool Engine::pop_item() {
  RingItem item;
  if (!shared_.ring.pop(item)) return false;
  std::visit([this](auto&& each) { on(std::forward<decltype(each)>(each)); }, std::move(item));
  return true;
}

void Engine::on(FilledBatch filled) {
  // What a reader pushed before it went back will be read again.
  if (!round_.listens_to(filled.reader)) {
    shared_.ring.release(filled.buffer);
    return;
  }
  filled.times.popped = shared_.clock.now();
  submit(std::move(filled));
}

void Engine::submit(FilledBatch filled) {
  const BufferId buffer = filled.buffer;
  filled.times.submitted = shared_.clock.now();
  open_panes_.insert(filled.pane);
  submitted_ = true;
  const FilledBatch& in = uncounted_.insert_or_assign(buffer, std::move(filled)).first->second;
  Batch batch{.buffer = buffer,
              .pane = in.pane,
              .bytes = shared_.ring.memory(buffer).first(in.bytes),
              .ends = in.ends,
              .has_rows = in.has_rows,
              .rows = {}};
  if (in.has_rows) batch.rows = {in.rows.key_at, in.rows.key_length, in.rows.values};
  if (migration_) migration_->see(batch);
  driver_->submit(batch);
}

// Buffers go back to the pool as they come. The engine waits for one only when nobody else can give it
// anything to do.
bool Engine::reclaim_finished() {
  bool any = false;
  while (driver_->in_flight() != 0) {
    const Wait wait = !any && shared_.ring.drained() ? Wait::yes : Wait::no;
    std::optional<Stopwatch> waiting;
    if (wait == Wait::yes) waiting.emplace(shared_.metrics.timeline, Activity::backend, shared_.clock);
    if (!driver_->reclaim(wait)) break;
    any = true;
  }
  if (!held_.empty() && driver_->in_flight() == 0 && shared_.ring.drained()) {
    while (!held_.empty()) driver_->collect(held_.begin()->first);
    any = true;
  }
  return any;
}

// Until it is counted a batch stays with the engine, so that a device lost before loses none.
void Engine::take_back(const Finished& finished) {
  if (!finished.counted) {
    ++shared_.metrics.batches_repeated;
    return;
  }
  Rejected rejected = rejects_of(finished);
  FilledBatch filled = std::move(uncounted_.extract(finished.buffer).mapped());
  filled.times.finished = shared_.clock.now();
  filled.times.working = finished.working;
  shared_.metrics.timeline.batches.add(filled.times);
  if (holds_buffers()) {
    std::vector<Held>& held = held_[filled.pane];
    held.push_back({std::move(filled), std::move(rejected)});
  } else {
    add_to_epoch(rejected);
    shared_.ring.release(filled.buffer);
  }
}

Engine::Rejected Engine::rejects_of(const Finished& finished) const {
  Rejected rejected;
  const FilledBatch& filled = uncounted_.at(finished.buffer);
  for (const Reject& reject : finished.rejects) {
    ++rejected.counts[static_cast<std::size_t>(reject.reason)];
    if (rejected.shown.size() == kBadRecordsShown) continue;
    const std::string_view text = text_of(reject, shared_.ring.memory(finished.buffer));
    BadRecord bad = describe(reject.reason, text, shared_.plan);
    if (const auto origin = origin_of(filled, reject.where)) {
      bad.input = excerpt(shared_.partitions.name(filled.reader, origin->partition));
      bad.offset = origin->first_offset;
    }
    if (shared_.options.on_bad_record == OnBadRecord::stop)
      throw BadRecordError("bad record, " + std::string(to_string(reject.reason)) + ": \"" + excerpt(text) +
                           '"' + bad.place());
    rejected.shown.push_back(std::move(bad));
  }
  return rejected;
}

// A batch that is held is told of only when a collect covers it: until then it may be counted again.
void Engine::add_to_epoch(const Rejected& rejected) {
  ++batches_;
  ++shared_.metrics.batches;
  for (std::size_t reason = 0; reason < kRejectReasons; ++reason)
    epoch_.rejected[reason] += rejected.counts[reason];
  add_shown(epoch_.bad_records, rejected.shown);
}

// REQUIRES: nothing of the pane is in flight, so that a device lost later cannot have counted half of it.
void Engine::collect(Pane pane) {
  const Stopwatch collecting(shared_.metrics.timeline, Activity::collect, shared_.clock);
  Columns columns(value_columns_, shared_.budget);
  backend_->collect(pane, columns);
  collected_bytes_ += columns.bytes();
  if (columns.size() != 0) epoch_.partials.emplace_back(pane, std::move(columns));
  auto covered = held_.extract(pane);
  if (covered.empty()) return;
  for (const Held& held : covered.mapped()) {
    add_to_epoch(held.rejected);
    shared_.ring.release(held.batch.buffer);
  }
}

}  // namespace millrace
