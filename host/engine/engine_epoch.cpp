// How epochs end: markers, the hand-over, the end of the job, the loss of a device, and the move to one.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "host/engine/engine.h"
#include "host/log/marks.h"

namespace millrace {

// Nothing can end an epoch while one is ending, the last one is with the committer, or readers go back.
bool Engine::epoch_may_end() const {
  return !round_.is_open() && !over_ && !round_.any_rewinding() && shared_.committer.idle();
}

bool Engine::epoch_is_due(Instant now) const {
  if (!epoch_may_end()) return false;
  return round_.all_ended() || round_.revoked() || migrating_ || is_overdue(now);
}

bool Engine::is_overdue(Instant now) const {
  return now >= due_by_clock() || is_large();
}

// A log gets all that an epoch has: the frame must fit beside what is counted meanwhile, and beside the state.
bool Engine::is_large() const {
  return shared_.durable && collected_bytes_ + backend_->held_bytes() >= shared_.budget.limit() / 8;
}

// A slow sink must slow the sources down: while the committer is busy and the next epoch overdue, ended
// panes pile up in the backend. Half of the memory is left for collecting and sorting them.
// And while a trial measures the processors they get no other work.
bool Engine::is_held_up(Instant now) const {
  if (migration_ && migration_->wants_quiet()) return true;
  return !shared_.committer.idle() && is_overdue(now) && shared_.budget.used() > shared_.budget.limit() / 2;
}

// A job that has read nothing new is never due, so idling is free.
Instant Engine::due_by_clock() const {
  Instant due = open_panes_.empty() ? kNever : shared_.panes.end(*open_panes_.begin());
  if (shared_.options.commit_every.count() > 0 && anything_new())
    due = std::min(due, later(epoch_began_, shared_.options.commit_every));
  return due;
}

// Of what makes no key no batch comes, and yet a log is to know that it was read.
bool Engine::anything_new() const {
  return submitted_ || (shared_.durable && shared_.metrics.bytes_read != handed_bytes_);
}

// A trial does not say when it is done, nor a reader that it has read what makes no key: they are asked.
Instant Engine::next_wake() const {
  constexpr std::chrono::milliseconds kAskAgain{5};
  Instant wake = epoch_may_end() ? due_by_clock() : kNever;
  const Instant now = shared_.clock.now();
  if (migration_ && migration_->is_trying()) wake = std::min(wake, now + kAskAgain);
  if (shared_.durable && shared_.options.commit_every.count() > 0)
    wake = std::min(wake, later(now, shared_.options.commit_every));
  return wake;
}

void Engine::on(Marker marker) {
  if (round_.on(marker)) epoch_.rejected[static_cast<std::size_t>(RejectReason::oversized)] += marker.oversized;
}

// If a device is lost on the way, the round is still open, and its end is tried again.
void Engine::finish_round() {
  round_.release_readers();
  finish_epoch();
  round_.close();
  if (migrating_ && !over_) migrate();
}

// The engine's half of an epoch's end. Columns reach the committer only when every pane was collected,
// so that an error on the way throws them away whole.
void Engine::finish_epoch() {
  const bool over = round_.all_ended();
  // With a log windows that are open stay so for the next run, unless nothing can follow.
  const bool last = over && !(shared_.durable && round_.stopped());
  epoch_.times.marked = shared_.clock.now();
  driver_->settle();
  std::vector<Pane> closed;
  for (const Pane pane : open_panes_)
    if (last || pane < round_.pane()) closed.push_back(pane);
  // A job without windows shows its result even if it is empty, so that every run leaves an output.
  if (last && closed.empty() && !shared_.panes.windowed()) closed.push_back({});

  const bool everything = shared_.durable || migrating_ || (backend_->may_fail() && shared_.replayable);
  for (const Pane pane : std::set(driver_->panes()))
    if (everything || std::ranges::binary_search(closed, pane)) driver_->collect(pane);

  for (const Pane pane : closed) open_panes_.erase(pane);
  over_ = over;
  epoch_.times.collected = epoch_began_ = shared_.clock.now();
  submitted_ = false;
  collected_bytes_ = 0;
  const bool rejected =
      std::ranges::any_of(epoch_.rejected, [](std::uint64_t records) { return records != 0; });
  const bool moved = shared_.durable && (round_.any_changes() || last);
  if (epoch_.partials.empty() && closed.empty() && !rejected && !moved) return shared_.readers.epoch_over({});
  epoch_.id = {++epochs_};
  epoch_.stamp = next_stamp();
  epoch_.closed = std::move(closed);
  epoch_.pane = round_.pane();
  hand_over_marks();
  epoch_.finished = finished_marks();
  epoch_.last = last;
  epoch_.partial = round_.partial() && (last || !shared_.durable);
  handed_open_panes_ = open_panes_;
  batches_ = 0;
  shared_.committer.accept(std::exchange(epoch_, {}));
}

// The wall clock may have been set back since the last one.
std::int64_t Engine::next_stamp() {
  const auto now = std::chrono::floor<std::chrono::microseconds>(shared_.clock.wall());
  return stamp_ = std::max<std::int64_t>(stamp_ + 1, now.time_since_epoch().count());
}

void Engine::hand_over_marks() {
  unsigned reader = 0;
  handed_bytes_ = 0;
  for (ReaderPosition& change : round_.take_changes()) {
    ReaderPosition& handed = handed_positions_[reader];
    const std::size_t known = handed.marks.size();
    merge_marks(handed.marks, change.marks);
    handed.bytes = change.bytes;
    handed_bytes_ += change.bytes;
    epoch_.marks.push_back(std::move(change.marks));
    if (shared_.durable) epoch_.found.push_back(found_since(reader, known));
    ++reader;
  }
}

// The reader may have found more since it marked.
std::vector<Partition> Engine::found_since(unsigned reader, std::size_t known) const {
  const Marks& marks = handed_positions_[reader].marks;
  check(marks.empty() || marks.back().partition + 1 == marks.size(), "a source marks each of its partitions");
  std::vector<Partition> found = shared_.partitions.behind(reader, known);
  check(found.size() >= marks.size() - known, "a source tells of what it marks");
  found.resize(marks.size() - known);
  return found;
}

// Without a checkpoint an open pane lives in memory only. Its records lie before the markers of this
// epoch, so those marks are finished only when the pane has closed too.
std::vector<Marks> Engine::finished_marks() {
  const bool all = shared_.durable || open_panes_.empty();
  std::vector<Marks> finished;
  if (unfinished_ && (all || unfinished_->first < *open_panes_.begin())) {
    finished = std::move(unfinished_->second);
    unfinished_.reset();
  }
  merge_marks(unfinished_later_, epoch_.marks);
  if (all)
    merge_marks(finished, std::exchange(unfinished_later_, {}));
  else if (!unfinished_)
    unfinished_.emplace(*open_panes_.rbegin(), std::exchange(unfinished_later_, {}));
  return finished;
}

void Engine::finish_job_if_done() {
  finished_ = over_ && shared_.committer.idle();
}

void Engine::lose_device(const DeviceError& error) {
  if (!fallback_) throw DeviceError(error.what());
  ++shared_.metrics.device_fallbacks;
  tell(Event::Level::warning, "the device failed, going on with the CPU: " + std::string(error.what()));
  const bool held = holds_buffers();
  // Ends the lost one, which may still be reading buffers that are given back or freed below.
  drive(std::exchange(fallback_, nullptr)());

  auto uncounted = std::exchange(uncounted_, {});
  if (held) {
    for (auto& [buffer, filled] : uncounted) submit(std::move(filled));
    for (auto& [pane, batches] : std::exchange(held_, {}))
      for (Held& each : batches) submit(std::move(each.batch));
    return;
  }
  for (const auto& [buffer, filled] : uncounted) shared_.ring.release(buffer);
  rewind_readers();
}

void Engine::rewind_readers() {
  epoch_.partials.clear();
  collected_bytes_ = 0;
  epoch_.rejected = {};
  epoch_.bad_records.clear();
  shared_.metrics.batches -= std::exchange(batches_, 0);
  open_panes_ = handed_open_panes_;
  over_ = false;
  round_.rewind(handed_positions_);
}

void Engine::ask_for_the_trial() {
  if (!migration_) return;
  std::optional<TrialAnswer> answer = migration_->answer();
  if (!answer) return;
  if (answer->backend) {
    migrating_ = std::move(answer);
  } else {
    tell(Event::Level::info, std::move(answer->reason));
  }
  migration_.reset();
}

// The epoch that has just ended covers all that the old backend has counted.
void Engine::migrate() {
  check(uncounted_.empty() && held_.empty() && driver_->panes().empty(),
        "a job moves when its backend has given up everything");
  tell(Event::Level::info, std::move(migrating_->reason));
  shared_.ring.fill(std::move(migrating_->pool));
  drive(std::move(migrating_->backend));
  migrating_.reset();
}

void Engine::tell(Event::Level level, std::string text) const {
  if (shared_.options.on_event) shared_.options.on_event({level, std::move(text)});
}

}  // namespace millrace
