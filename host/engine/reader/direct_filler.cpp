// The source writes into the batch itself, one batch after the other.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <millrace/error.h>

#include "host/engine/reader/batch_filler.h"

namespace millrace {
namespace {

class DirectFiller final : public BatchFiller {
 public:
  DirectFiller(MeteredSource& source, OpenBatches& batches, const ReaderShared& shared)
      : source_(source), batches_(batches), shared_(shared) {}

  std::variant<Step, ReadResult> fill(Deadline patience) override;
  bool has_unplaced() const override { return false; }
  Step place() override { return Step::done(); }
  void forget() override {
    one_off_bytes_ = 0;
    columns().clear();
  }

 private:
  BatchBuilder* batch_with_room();
  /// What the source is to tell.
  Records columns() {
    return {.ends = source_.messages() ? &ends_ : nullptr,
            .origins = wants_origins(shared_) ? &origins_ : nullptr};
  }

  MeteredSource& source_;
  OpenBatches& batches_;
  ReaderShared shared_;
  std::size_t one_off_bytes_ = 0;  ///< the next record needs a buffer of this size
  std::vector<std::uint32_t> ends_;
  std::vector<OriginRun> origins_;
};

std::variant<Step, ReadResult> DirectFiller::fill(Deadline patience) {
  BatchBuilder* batch = batch_with_room();
  if (batch == nullptr) return Step::wait();
  const std::size_t room = batch->room().size();
  const Deadline deadline = std::min(patience, batches_.next_close());
  const ReadResult result = source_.read(batch->room(), columns(), deadline);
  if (result.status == ReadResult::Status::too_big) {
    // A part-filled batch is closed first: the record may well fit an empty one.
    if (!batches_.close_fullest()) one_off_bytes_ = larger_room(result, room);
    return Step::done();
  }
  if (result.status != ReadResult::Status::data) return result;

  const bool first = batch->empty();
  batch->filled(result.bytes, ends_, origins_);
  columns().clear();
  // The pane of a batch is decided when its first record has arrived, not when its buffer was taken.
  if (first) batches_.start_age(*batch, shared_.panes.at(shared_.clock.now()));
  // A large record's buffer does not wait for more: other readers may wait for its memory.
  if (one_off_bytes_ != 0 || batch->nearly_full()) batches_.close_all();
  one_off_bytes_ = 0;
  return Step::done();
}

// The pane of the open one is that of its first record. A wall clock that was set on ends it.
BatchBuilder* DirectFiller::batch_with_room() {
  const Pane pane = shared_.panes.at(shared_.clock.now());
  if (BatchBuilder* batch = batches_.only(); batch != nullptr) {
    if (batch->room().size() >= one_off_bytes_ && (batch->empty() || batch->pane == pane)) return batch;
    batches_.close_all();
  }
  return batches_.of(pane, one_off_bytes_);
}

}  // namespace

std::unique_ptr<BatchFiller> direct_filler(MeteredSource& source, OpenBatches& batches,
                                           const ReaderShared& shared) {
  return std::make_unique<DirectFiller>(source, batches, shared);
}

// The user's functions make records of their own.
bool wants_origins(const ReaderShared& shared) {
  return shared.plan.keyed_by == KeyedBy::fields && !shared.host;
}

std::size_t larger_room(const ReadResult& too_big, std::size_t room) {
  check(too_big.bytes > room, "a source asks for the room that it needs");
  if (too_big.bytes > kBatchBytesMax)
    throw ConfigError({"a source asks for " + std::to_string(too_big.bytes) +
                       " bytes of room, above 1GiB: let it skip records longer than max-record-bytes"});
  return std::max(too_big.bytes, std::min(room * 2, kBatchBytesMax));
}

}  // namespace millrace
