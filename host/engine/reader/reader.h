// A reader: fills batches from one source and marks where epochs end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <millrace/clock.h>
#include <millrace/options.h>
#include <millrace/plan.h>
#include <millrace/source.h>

#include "host/engine/backoff.h"
#include "host/engine/metrics.h"
#include "host/engine/reader/batch_builder.h"
#include "host/engine/reader/host_output.h"
#include "host/engine/reader_mailbox.h"
#include "host/engine/ring.h"
#include "host/engine/step.h"
#include "host/time/pane_clock.h"

namespace millrace {

/// What all readers of a job share. Everything outlives them.
struct ReaderShared {
  const Plan& plan;
  const Options& options;
  const Clock& clock;
  PaneClock& panes;
  Ring& ring;
  MemoryBudget& budget;
  Metrics& metrics;
};

/// Owns its open buffers; its thread (or a simulator) calls step(). Two ways to fill a batch: the source
/// writes straight into it, or, where records are looked at on the host, through a staging buffer.
///
/// A reader that waits for a buffer closes its open ones, and it marks even while it waits: that is why the
/// ring cannot lock up. After its marker it takes no buffer until every reader has marked, and what it asked
/// for of its own is given to others.
class Reader {
 public:
  Reader(unsigned index, Source& source, ReaderMailbox& mailbox, const ReaderShared& shared);

  /// Does one piece of work; may wait in the source until `patience`.
  Step step(Deadline patience);
  /// The source knows everything that was committed. Only when the job is over may that be final.
  bool has_told_all() const { return !committed_; }

 private:
  std::optional<Step> act(const ReaderMailbox::Orders& orders, Deadline patience);
  void rewind();
  void tell_committed();
  void mark(std::uint64_t round);
  void end(bool partial);

  ReadResult read(std::span<std::byte> into, std::vector<Record>* records, Deadline deadline);
  Step fill_directly(Instant now, Deadline patience);
  Step fill_staging(Deadline patience);
  Step place_staged();
  bool place(std::string_view text, std::span<const std::int64_t> values, bool is_row);
  Step after_read(const ReadResult& result, std::size_t room);

  BatchBuilder* open_batch(Pane pane, std::size_t at_least);
  void start_age(BatchBuilder& batch);
  void close(Pane pane);
  void close_overdue(Instant now);
  Instant next_close() const;
  bool close_fullest();
  void count_read(const ReadResult& result);
  void count_oversized(std::uint64_t records);

  unsigned index_;
  Source& source_;
  ReaderMailbox& mailbox_;
  ReaderShared shared_;
  bool staged_mode_;

  std::map<Pane, BatchBuilder> open_;
  std::uint64_t marked_round_ = 0;
  bool draining_ = false;
  bool ended_ = false;
  enum class Revocation { none, reported, marked } revocation_ = Revocation::none;
  std::optional<ReaderPosition> rewind_to_;  ///< to be done
  std::optional<Offsets> committed_;         ///< to be told to the source
  std::uint64_t bytes_ = 0;                  ///< read, but for what will be read again
  std::uint64_t oversized_ = 0;
  Backoff backoff_;
  std::size_t one_off_bytes_ = 0;  ///< the next record needs a buffer of this size

  std::vector<Record> records_;
  HostBuffer staging_;
  std::size_t staged_next_ = 0;  ///< the next of records_ to place
  Pane staged_pane_;
  HostOutput output_;
  Reservation records_counted_;  ///< the memory of records_
};

}  // namespace millrace
