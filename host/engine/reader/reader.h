// A reader: fills batches from one source and marks where epochs end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include <millrace/source.h>

#include "host/engine/backoff.h"
#include "host/engine/reader/batch_filler.h"
#include "host/engine/reader/metered_source.h"
#include "host/engine/reader/open_batches.h"
#include "host/engine/reader/reader_shared.h"
#include "host/engine/reader_mailbox.h"
#include "host/engine/step.h"

namespace millrace {

/// Owns its open batches; its thread (or a simulator) calls step(). Does what it is ordered, and reads between.
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
  bool has_told_all() const { return committed_.empty(); }

 private:
  std::optional<Step> act(const ReaderMailbox::Orders& orders, Deadline patience);
  void rewind();
  void tell_committed();
  void mark(std::uint64_t round);
  Step end(const Ended& how);
  Step act_on(const ReadResult& result);

  unsigned index_;
  MeteredSource source_;
  ReaderMailbox& mailbox_;
  ReaderShared shared_;
  OpenBatches batches_;
  std::unique_ptr<BatchFiller> filler_;

  std::uint64_t marked_round_ = 0;
  bool ended_ = false;
  enum class Revocation { none, reported, marked } revocation_ = Revocation::none;
  std::optional<ReaderPosition> rewind_to_;  ///< to be done
  Marks committed_;                          ///< to be told to the source
  Backoff backoff_;
};

}  // namespace millrace
