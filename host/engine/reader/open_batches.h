// The batches that one reader is filling: at most one for each pane.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "host/engine/reader/batch_builder.h"
#include "host/engine/reader/reader_shared.h"

namespace millrace {

/// Takes buffers from the ring and pushes them into it when their batch is closed.
///
/// A reader never waits for a buffer while it holds an open one that is not empty: that is why the ring cannot
/// lock up.
class OpenBatches {
 public:
  OpenBatches(unsigned reader, const ReaderShared& shared) : reader_(reader), shared_(shared) {}

  /// The batch of a pane with room for `at_least` more bytes, which begins where the one before has no such
  /// room. Null if there is no buffer for it: then another batch was closed, so that one may come home.
  BatchBuilder* of(Pane pane, std::size_t at_least);
  /// The one that is open; null if none is. For readers that fill one after the other.
  BatchBuilder* only() { return batches_.empty() ? nullptr : &batches_.begin()->second; }

  /// To be called with its first record: until when the batch may stay open.
  void start_age(BatchBuilder& batch, Pane pane) const;
  /// When the first of them is due.
  Instant next_close() const;

  void close(Pane pane);
  void close_overdue(Instant now);
  /// False if there is none with records.
  bool close_fullest();
  void close_all();
  /// Their records will be read again.
  void forget();

 private:
  unsigned reader_;
  ReaderShared shared_;
  std::map<Pane, BatchBuilder> batches_;  ///< by the pane in which their buffers were taken
};

}  // namespace millrace
