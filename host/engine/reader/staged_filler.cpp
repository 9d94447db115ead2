// Records are read into memory of the reader, pass through the host function if any, and are placed one by one.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "host/engine/origins.h"
#include "host/engine/reader/batch_filler.h"
#include "host/engine/reader/host_output.h"

namespace millrace {
namespace {

constexpr std::size_t kStagingBytes = std::size_t{256} << 10;

class StagedFiller final : public BatchFiller {
 public:
  StagedFiller(unsigned reader, MeteredSource& source, OpenBatches& batches, const ReaderShared& shared)
      : reader_(reader),
        source_(source),
        batches_(batches),
        shared_(shared),
        memory_(pageable_buffer(std::min(kStagingBytes, shared.options.batch_bytes), shared.budget)),
        output_(shared.plan, shared.options.max_record_bytes, shared.budget) {}

  std::variant<Step, ReadResult> fill(Deadline patience) override;
  bool has_unplaced() const override { return next_ < ends_.size() || !output_.empty(); }
  Step place() override;
  void forget() override {
    columns().clear();
    next_ = 0;
    output_.clear();
    room_needed_ = 0;
  }

 private:
  Records columns() { return {.ends = &ends_, .origins = wants_origins(shared_) ? &origins_ : nullptr}; }
  std::size_t begin_of(std::size_t record) const;
  std::string_view record(std::size_t i) const;
  std::optional<OriginRun> origin_of(std::size_t record) const;
  bool place_output();
  bool place(std::string_view text, std::span<const std::int64_t> values, bool is_row,
             const std::optional<OriginRun>& origin);

  unsigned reader_;
  MeteredSource& source_;
  OpenBatches& batches_;
  ReaderShared shared_;
  HostBuffer memory_;
  std::size_t room_needed_ = 0;      ///< for the next record, if that is more than memory_ has
  std::vector<std::uint32_t> ends_;  ///< of records in memory_
  std::vector<OriginRun> origins_;
  std::size_t next_ = 0;  ///< the record to be placed
  Pane pane_;             ///< of all of them
  HostOutput output_;
};

std::variant<Step, ReadResult> StagedFiller::fill(Deadline patience) {
  if (memory_.bytes().size() < room_needed_) {
    std::optional<HostBuffer> larger = shared_.ring.acquire_memory(reader_, room_needed_);
    if (!larger) return Step::wait(batches_.next_close());
    memory_ = std::move(*larger);
  }
  columns().clear();
  next_ = 0;
  const std::span<std::byte> room = memory_.bytes();
  const ReadResult result = source_.read(room, columns(), std::min(patience, batches_.next_close()));
  if (result.status != ReadResult::Status::data) columns().clear();
  if (result.status == ReadResult::Status::too_big) {
    room_needed_ = larger_room(result, room.size());
    return Step::done();
  }
  if (result.status != ReadResult::Status::data) return result;
  room_needed_ = 0;
  pane_ = shared_.panes.at(shared_.clock.now());
  return Step::done();
}

// Between newline-framed records lies the '\n' that the end excludes.
std::size_t StagedFiller::begin_of(std::size_t record) const {
  return record == 0 ? 0 : ends_[record - 1] + (source_.messages() ? 0U : 1U);
}

std::string_view StagedFiller::record(std::size_t i) const {
  const char* data = reinterpret_cast<const char*>(memory_.bytes().data());
  std::string_view text(data + begin_of(i), ends_[i] - begin_of(i));
  if (!source_.messages() && text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::optional<OriginRun> StagedFiller::origin_of(std::size_t record) const {
  const std::size_t place = source_.messages() ? record : begin_of(record);
  return origin_at(origins_, static_cast<std::uint32_t>(place));
}

// Stops where no buffer is free and goes on from there.
Step StagedFiller::place() {
  for (;;) {
    if (!place_output()) return Step::wait();
    if (next_ == ends_.size()) return Step::done();
    const std::string_view text = record(next_);
    if (shared_.host) {
      shared_.host(text, output_);
      source_.count_oversized(output_.take_oversized());
    } else if (!place(text, {}, false, origin_of(next_))) {
      return Step::wait();
    }
    ++next_;
  }
}

bool StagedFiller::place_output() {
  const bool rows = shared_.plan.keyed_by == KeyedBy::rows;
  for (; !output_.empty(); output_.pop())
    if (!place(output_.front(), rows ? output_.front_values() : std::span<const std::int64_t>{}, rows, {}))
      return false;
  return true;
}

bool StagedFiller::place(std::string_view text, std::span<const std::int64_t> values, bool is_row,
                         const std::optional<OriginRun>& origin) {
  BatchBuilder* batch = batches_.of(pane_, text.size());
  if (batch == nullptr) return false;
  const bool first = batch->empty();
  if (is_row) {
    batch->row(text, values);
  } else {
    batch->record(text, origin ? &*origin : nullptr);
  }
  if (first) batches_.start_age(*batch, pane_);
  const std::size_t limit = shared_.options.batch_records;
  if (batch->nearly_full() || (limit != 0 && batch->records() >= limit)) batches_.close(pane_);
  return true;
}

}  // namespace

std::unique_ptr<BatchFiller> staged_filler(unsigned reader, MeteredSource& source, OpenBatches& batches,
                                           const ReaderShared& shared) {
  return std::make_unique<StagedFiller>(reader, source, batches, shared);
}

}  // namespace millrace
