// Filling batches, closing them in time, marking.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/reader/reader.h"

#include <algorithm>
#include <utility>

#include "host/engine/reader/message_limit.h"

namespace millrace {
namespace {

constexpr std::size_t kStagingBytes = std::size_t{256} << 10;

}  // namespace

Reader::Reader(unsigned index, Source& source, ReaderMailbox& mailbox, const ReaderShared& shared)
    : index_(index),
      source_(source),
      mailbox_(mailbox),
      shared_(shared),
      staged_mode_(shared.plan.host || shared.options.batch_records != 0),
      backoff_(shared.options),
      output_(shared.plan, shared.options.max_record_bytes, shared.budget),
      records_counted_(shared.budget) {
  if (staged_mode_)
    staging_ = pageable_buffer(std::min(kStagingBytes, shared_.options.batch_bytes), shared_.budget);
}

Step Reader::step(Deadline patience) {
  ReaderMailbox::Orders orders = mailbox_.read();
  if (orders.rewind) rewind_to_ = std::move(orders.rewind);
  if (orders.committed) committed_ = std::move(orders.committed);
  if (orders.epoch_over && revocation_ == Revocation::marked) revocation_ = Revocation::none;
  try {
    if (const std::optional<Step> step = act(orders, patience)) return *step;
  } catch (const TransientError&) {
    if (backoff_.exhausted()) throw;
    backoff_.failed(shared_.clock.now());
    ++shared_.metrics.retries;
    return Step::wait(std::min(backoff_.until(), next_close()));
  }
  // Only calls of the source are repeated. Host functions may have given out records before they failed.
  return place_staged();
}

// Does what is ordered, or reads; nothing while there are staged records to place.
std::optional<Step> Reader::act(const ReaderMailbox::Orders& orders, Deadline patience) {
  const bool paused = shared_.clock.now() < backoff_.until();
  if (rewind_to_) {
    if (paused) return Step::wait(backoff_.until());
    rewind();
    return Step::done();
  }
  const bool marked = orders.round_open && marked_round_ == orders.round;
  const bool unplaced = staged_next_ < records_.size() || !output_.empty();
  if (orders.round_open && !marked && !(staged_mode_ && unplaced)) {
    mark(orders.round);
    return Step::done();
  }
  if (committed_ && !paused) tell_committed();
  if (marked) return Step::wait();
  if (staged_mode_ && unplaced) return std::nullopt;
  if (ended_ || revocation_ != Revocation::none) return Step::wait(committed_ ? backoff_.until() : kNever);
  draining_ = orders.drain;
  close_overdue(shared_.clock.now());
  if (paused && !draining_) return Step::wait(std::min(backoff_.until(), next_close()));
  const Step step = staged_mode_ ? fill_staging(patience) : fill_directly(shared_.clock.now(), patience);
  backoff_.succeeded();
  return step;
}

void Reader::rewind() {
  source_.seek(rewind_to_->offsets);
  shared_.metrics.bytes_read -= bytes_ - rewind_to_->bytes;
  bytes_ = rewind_to_->bytes;
  rewind_to_.reset();
  backoff_.succeeded();
  for (auto& [pane, batch] : open_) shared_.ring.release(batch.buffer());
  open_.clear();
  shared_.ring.withdraw(index_);
  records_.clear();
  staged_next_ = 0;
  output_.clear();
  ended_ = false;
  revocation_ = Revocation::none;
  oversized_ = 0;
  one_off_bytes_ = 0;
  shared_.ring.push(Rewound{index_});
}

void Reader::tell_committed() {
  source_.committed(*committed_);
  committed_.reset();
  backoff_.succeeded();
}

void Reader::mark(std::uint64_t round) {
  Offsets position = source_.position();  // first, as it may fail for now
  while (!open_.empty()) close(open_.begin()->first);
  shared_.ring.withdraw(index_);  // whoever has not marked may need that memory to come so far
  marked_round_ = round;
  if (revocation_ == Revocation::reported) revocation_ = Revocation::marked;
  shared_.ring.push(Marker{index_, {std::move(position), bytes_}, std::exchange(oversized_, 0)});
}

void Reader::end(bool partial) {
  while (!open_.empty()) close(open_.begin()->first);
  ended_ = true;
  shared_.ring.push(Ended{index_, partial});
}

ReadResult Reader::read(std::span<std::byte> into, std::vector<Record>* records, Deadline deadline) {
  ReadResult result = draining_ ? source_.drain(into, records) : source_.read(into, records, deadline);
  if (draining_ && result.status == ReadResult::Status::idle) result.status = ReadResult::Status::end;
  records_counted_.set(records_.capacity() * sizeof(Record), "ends of records");
  return result;
}

Step Reader::fill_directly(Instant now, Deadline patience) {
  BatchBuilder* batch = open_batch(shared_.panes.at(now), one_off_bytes_);
  if (batch == nullptr) return Step::wait();
  const Deadline deadline = std::min(patience, next_close());
  const std::size_t room = batch->room().size();
  ReadResult result = read(batch->room(), source_.messages() ? &records_ : nullptr, deadline);
  if (result.status != ReadResult::Status::data) return after_read(result, room);
  if (source_.messages()) drop_oversized(batch->room(), records_, shared_.options.max_record_bytes, result);

  // A large record's buffer does not wait for more: other readers may wait for its memory.
  const bool one_off = one_off_bytes_ != 0;
  count_read(result);
  const bool first = batch->empty();
  batch->filled(result.bytes, records_);
  records_.clear();
  if (first) start_age(*batch);
  if (one_off || batch->nearly_full()) close(open_.begin()->first);
  return Step::done();
}

Step Reader::fill_staging(Deadline patience) {
  if (staging_.bytes().size() < one_off_bytes_) {
    std::optional<HostBuffer> larger = shared_.ring.acquire_memory(index_, one_off_bytes_);
    if (!larger) return Step::wait(next_close());
    staging_ = std::move(*larger);
  }
  records_.clear();
  staged_next_ = 0;
  ReadResult result = read(staging_.bytes(), &records_, std::min(patience, next_close()));
  if (result.status != ReadResult::Status::data) {
    records_.clear();
    return after_read(result, staging_.bytes().size());
  }
  if (source_.messages()) drop_oversized(staging_.bytes(), records_, shared_.options.max_record_bytes, result);
  count_read(result);
  staged_next_ = 0;
  staged_pane_ = shared_.panes.at(shared_.clock.now());
  return Step::done();
}

// What a read that brought no data means.
Step Reader::after_read(const ReadResult& result, std::size_t room) {
  count_oversized(result.oversized);
  switch (result.status) {
    case ReadResult::Status::too_big:
      // A part-filled batch is closed first: the record may well fit an empty one.
      if (!staged_mode_ && close_fullest()) return Step::done();
      check(result.bytes > room, "a source asks for the room that it needs");
      if (result.bytes > kBatchBytesMax)
        throw ConfigError({"a source asks for " + std::to_string(result.bytes) +
                           " bytes of room, above 1GiB: let it skip records longer than max-record-bytes"});
      one_off_bytes_ = std::max(result.bytes, std::min(room * 2, kBatchBytesMax));
      return Step::done();
    case ReadResult::Status::broken: end(true); return Step::done();
    case ReadResult::Status::end: end(draining_ && !source_.endless()); return Step::done();
    case ReadResult::Status::revoked:
      revocation_ = Revocation::reported;
      shared_.ring.push(Revoked{index_});
      return Step::done();
    default: break;
  }
  if (result.oversized > 0) return Step::done();
  return Step::idle_source(next_close());
}

// Records of one read, through the host function if there is one, into batches. Stops where no buffer is
// free and goes on from there.
Step Reader::place_staged() {
  const auto text_at = [&](std::size_t i) {
    // Between newline-framed records lies the '\n' that the end excludes.
    const std::size_t begin = i == 0 ? 0 : records_[i - 1].end + (source_.messages() ? 0U : 1U);
    const char* data = reinterpret_cast<const char*>(staging_.bytes().data());
    std::string_view text(data + begin, records_[i].end - begin);
    if (!source_.messages() && text.ends_with('\r')) text.remove_suffix(1);
    return text;
  };
  const bool rows = shared_.plan.keyed_by == KeyedBy::rows;
  for (;;) {
    for (; !output_.empty(); output_.pop())
      if (!place(output_.front(), rows ? output_.front_values() : std::span<const std::int64_t>{}, rows))
        return Step::wait();
    if (staged_next_ == records_.size()) break;
    const std::string_view text = text_at(staged_next_);
    if (shared_.plan.host) {
      shared_.plan.host(text, output_);
      count_oversized(output_.take_oversized());
    } else if (!place(text, {}, false)) {
      return Step::wait();
    }
    ++staged_next_;
  }
  return Step::done();
}

bool Reader::place(std::string_view text, std::span<const std::int64_t> values, bool is_row) {
  BatchBuilder* batch = open_batch(staged_pane_, text.size());
  if (batch == nullptr) return false;
  const bool first = batch->empty();
  if (is_row) {
    batch->row(text, values);
  } else {
    batch->record(text);
  }
  if (first) {
    batch->pane = staged_pane_;
    batch->close_at =
        std::min(later(shared_.clock.now(), shared_.options.batch_time), shared_.panes.end(staged_pane_));
  }
  const std::size_t limit = shared_.options.batch_records;
  if (batch->nearly_full() || (limit != 0 && batch->records() >= limit)) close(staged_pane_);
  return true;
}

// The open batch of a pane with room for `at_least` more bytes; null if no buffer is free.
BatchBuilder* Reader::open_batch(Pane pane, std::size_t at_least) {
  if (!staged_mode_ && !open_.empty()) {
    // Straight reads keep one batch, whose pane is that of its first record. A wall clock that was set on ends
    // it.
    BatchBuilder& batch = open_.begin()->second;
    if (batch.room().size() >= at_least && (batch.empty() || batch.pane == pane)) return &batch;
    close(open_.begin()->first);
  }
  const auto found = open_.find(pane);
  if (found != open_.end()) {
    if (found->second.room().size() >= at_least) return &found->second;
    close(pane);
  }
  const std::optional<BufferId> buffer = shared_.ring.acquire(index_, at_least);
  if (!buffer) {
    close_fullest();
    return nullptr;
  }
  BatchBuilder batch(*buffer, shared_.ring.memory(*buffer), shared_.budget);
  batch.pane = pane;
  return &open_.emplace(pane, std::move(batch)).first->second;
}

// The pane of a batch is decided when its first record has arrived, not when its buffer was taken.
void Reader::start_age(BatchBuilder& batch) {
  const Instant now = shared_.clock.now();
  batch.pane = shared_.panes.at(now);
  batch.close_at = std::min(later(now, shared_.options.batch_time), shared_.panes.end(batch.pane));
}

void Reader::close(Pane pane) {
  auto node = open_.extract(pane);
  BatchBuilder& batch = node.mapped();
  if (batch.empty()) {
    shared_.ring.release(batch.buffer());
  } else {
    shared_.ring.push(std::move(batch).close(index_));
  }
}

void Reader::close_overdue(Instant now) {
  for (auto it = open_.begin(); it != open_.end();) {
    const auto current = it++;
    if (!current->second.empty() && current->second.close_at <= now) close(current->first);
  }
}

Instant Reader::next_close() const {
  Instant next = kNever;
  for (const auto& [pane, batch] : open_)
    if (!batch.empty()) next = std::min(next, batch.close_at);
  return next;
}

bool Reader::close_fullest() {
  const auto fullest = std::ranges::max_element(
      open_, {}, [](const auto& entry) { return entry.second.bytes() + entry.second.records(); });
  if (fullest == open_.end() || fullest->second.empty()) return false;
  close(fullest->first);
  return true;
}

void Reader::count_read(const ReadResult& result) {
  one_off_bytes_ = 0;
  bytes_ += result.bytes;
  shared_.metrics.bytes_read += result.bytes;
  count_oversized(result.oversized);
}

void Reader::count_oversized(std::uint64_t records) {
  if (records == 0) return;
  if (shared_.options.on_bad_record == OnBadRecord::stop)
    throw BadRecordError("a record is longer than max-record-bytes (" +
                         std::to_string(shared_.options.max_record_bytes) + ")");
  oversized_ += records;
}

}  // namespace millrace
