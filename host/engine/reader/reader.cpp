// Orders first, then reading.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/reader/reader.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <millrace/error.h>

#include "host/log/marks.h"

namespace millrace {

Reader::Reader(unsigned index, Source& source, ReaderMailbox& mailbox, const ReaderShared& shared)
    : index_(index),
      source_(index, source, shared),
      mailbox_(mailbox),
      shared_(shared),
      batches_(index, shared),
      backoff_(shared.options) {
  const bool looks_at_records = shared.host || shared.options.batch_records != 0;
  filler_ = looks_at_records ? staged_filler(index, source_, batches_, shared)
                             : direct_filler(source_, batches_, shared);
}

Step Reader::step(Deadline patience) {
  ReaderMailbox::Orders orders = mailbox_.read();
  if (orders.rewind) rewind_to_ = std::move(orders.rewind);
  merge_marks(committed_, orders.committed);
  if (orders.epoch_over && revocation_ == Revocation::marked) revocation_ = Revocation::none;
  try {
    if (const std::optional<Step> step = act(orders, patience)) return *step;
  } catch (const TransientError&) {
    if (backoff_.exhausted()) throw;
    backoff_.failed(shared_.clock.now());
    ++shared_.metrics.retries;
    return Step::wait(std::min(backoff_.until(), batches_.next_close()));
  }
  // Only calls of the source are repeated. Host functions may have given out records before they failed.
  const Stopwatch placing(shared_.metrics.timeline, Activity::placing, shared_.clock);
  return filler_->place();
}

// Does what is ordered, or reads; nothing while there are records to place.
std::optional<Step> Reader::act(const ReaderMailbox::Orders& orders, Deadline patience) {
  const bool paused = shared_.clock.now() < backoff_.until();
  if (rewind_to_) {
    if (paused) return Step::wait(backoff_.until());
    rewind();
    return Step::done();
  }
  const bool marked = orders.round_open && marked_round_ == orders.round;
  const bool unplaced = filler_->has_unplaced();
  if (orders.round_open && !marked && !unplaced) {
    mark(orders.round);
    return Step::done();
  }
  if (!committed_.empty() && !paused) tell_committed();
  if (marked) return Step::wait();
  if (unplaced) return std::nullopt;
  if (ended_ || revocation_ != Revocation::none)
    return Step::wait(committed_.empty() ? kNever : backoff_.until());
  source_.set_draining(orders.drain);
  batches_.close_overdue(shared_.clock.now());
  if (paused && !orders.drain) return Step::wait(std::min(backoff_.until(), batches_.next_close()));
  const std::variant<Step, ReadResult> filled = filler_->fill(patience);
  const Step* step = std::get_if<Step>(&filled);
  const Step done = step != nullptr ? *step : act_on(std::get<ReadResult>(filled));
  backoff_.succeeded();
  return done;
}

void Reader::rewind() {
  source_.seek(*rewind_to_);
  rewind_to_.reset();
  backoff_.succeeded();
  batches_.forget();
  shared_.ring.withdraw(index_);
  filler_->forget();
  ended_ = false;
  revocation_ = Revocation::none;
  shared_.ring.push(Rewound{index_});
}

void Reader::tell_committed() {
  source_.committed(committed_);
  committed_.clear();
  backoff_.succeeded();
}

void Reader::mark(std::uint64_t round) {
  ReaderPosition position = source_.position();  // first, as it may fail for now
  batches_.close_all();
  shared_.ring.withdraw(index_);  // whoever has not marked may need that memory to come so far
  marked_round_ = round;
  if (revocation_ == Revocation::reported) revocation_ = Revocation::marked;
  shared_.ring.push(Marker{index_, std::move(position), source_.take_oversized()});
}

Step Reader::end(const Ended& how) {
  batches_.close_all();
  ended_ = true;
  shared_.ring.push(how);
  return Step::done();
}

// What a read that brought no data means.
Step Reader::act_on(const ReadResult& result) {
  const bool stopped = source_.draining();
  switch (result.status) {
    case ReadResult::Status::broken: return end({.reader = index_, .partial = true, .stopped = true});
    case ReadResult::Status::caught_up: return end({.reader = index_, .stopped = true});
    case ReadResult::Status::end:
      return end({.reader = index_, .partial = stopped && !source_.endless(), .stopped = stopped});
    case ReadResult::Status::revoked:
      revocation_ = Revocation::reported;
      shared_.ring.push(Revoked{index_});
      return Step::done();
    case ReadResult::Status::data:
    case ReadResult::Status::idle:
    case ReadResult::Status::too_big: break;
  }
  return result.oversized > 0 ? Step::done() : Step::idle_source(batches_.next_close());
}

}  // namespace millrace
