// A source as its reader reads it: counted, kept to the longest record, and drained when the job is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <millrace/memory_budget.h>
#include <millrace/source.h>

#include "host/engine/reader/reader_shared.h"

namespace millrace {

class MeteredSource {
 public:
  /// The source outlives it.
  MeteredSource(unsigned reader, Source& source, const ReaderShared& shared)
      : reader_(reader), source_(source), shared_(shared), records_counted_(shared.budget) {}

  /// As Source::read, or Source::drain once the job drains. Messages that are too long are dropped from the
  /// data; `deadline` is one of the job's clock. Throws BadRecordError for a record that is too long where the
  /// job stops at one.
  ReadResult read(std::span<std::byte> into, const Records& records, Deadline deadline);
  void set_draining(bool draining) { draining_ = draining; }
  bool draining() const { return draining_; }

  bool messages() const { return source_.messages(); }
  bool endless() const { return source_.endless(); }
  void committed(std::span<const Mark> marks) { source_.committed(marks); }

  /// Behind all that was read; of marks, what has changed since it was asked last.
  ReaderPosition position();
  /// What lies behind `position` will be read again.
  void seek(const ReaderPosition& position);

  void count_oversized(std::uint64_t records);
  /// Since the last call.
  std::uint64_t take_oversized() { return std::exchange(oversized_, 0); }

 private:
  ReadResult read_source(std::span<std::byte> into, const Records& records, Deadline deadline);

  void tell_partitions();

  unsigned reader_;
  Source& source_;
  ReaderShared shared_;
  bool draining_ = false;
  std::size_t partitions_told_ = 0;
  std::uint64_t bytes_ = 0;  ///< read, but for what will be read again
  std::uint64_t oversized_ = 0;
  Reservation records_counted_;  ///< the memory of the list of records
};

}  // namespace millrace
