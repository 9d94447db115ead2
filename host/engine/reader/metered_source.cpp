// Counting what is read, once.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/reader/metered_source.h"

#include <string>

#include <millrace/error.h>

#include "host/engine/reader/message_limit.h"

namespace millrace {

ReadResult MeteredSource::read(std::span<std::byte> into, const Records& records, Deadline deadline) {
  ReadResult result = read_source(into, records, deadline);
  if (draining_ && result.status == ReadResult::Status::idle) result.status = ReadResult::Status::end;
  const std::size_t ends = records.ends != nullptr ? records.ends->capacity() : 0;
  const std::size_t origins = records.origins != nullptr ? records.origins->capacity() : 0;
  records_counted_.set(ends * sizeof(std::uint32_t) + origins * sizeof(OriginRun), "ends of records");
  if (result.status == ReadResult::Status::data) {
    if (messages()) drop_oversized(into, records, shared_.options.max_record_bytes, result);
    if (records.origins != nullptr) tell_partitions();
    bytes_ += result.bytes;
    shared_.metrics.bytes_read += result.bytes;
  }
  count_oversized(result.oversized);
  return result;
}

// Whoever gets the records may ask where they came from, and a log what it is that has marks.
void MeteredSource::tell_partitions() {
  const std::span<const Partition> partitions = source_.partitions();
  if (std::exchange(partitions_told_, partitions.size()) != partitions.size())
    shared_.partitions.tell(reader_, partitions);
}

ReadResult MeteredSource::read_source(std::span<std::byte> into, const Records& records, Deadline deadline) {
  const Stopwatch in_source(shared_.metrics.timeline, Activity::source, shared_.clock);
  if (draining_) return source_.drain(into, records);
  return source_.read(into, records, shared_.clock.wake_for(deadline));
}

ReaderPosition MeteredSource::position() {
  ReaderPosition position{{}, bytes_};
  source_.marks(position.marks);
  if (shared_.durable) tell_partitions();
  return position;
}

void MeteredSource::seek(const ReaderPosition& position) {
  source_.seek(position.marks);
  shared_.metrics.bytes_read -= bytes_ - position.bytes;
  bytes_ = position.bytes;
  oversized_ = 0;
}

void MeteredSource::count_oversized(std::uint64_t records) {
  if (records == 0) return;
  if (shared_.options.on_bad_record == OnBadRecord::stop)
    throw BadRecordError("a record is longer than max-record-bytes (" +
                         std::to_string(shared_.options.max_record_bytes) + ")");
  oversized_ += records;
}

}  // namespace millrace
