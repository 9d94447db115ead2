// The ways from a source into batches.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <variant>

#include "host/engine/reader/metered_source.h"
#include "host/engine/reader/open_batches.h"
#include "host/engine/step.h"

namespace millrace {

/// Reads and places records for one reader, which calls everything. Two kinds: the source writes straight into
/// a batch, or, where records are looked at on the host, into memory of the reader.
class BatchFiller {
 public:
  virtual ~BatchFiller() = default;
  BatchFiller() = default;
  BatchFiller(const BatchFiller&) = delete;
  BatchFiller& operator=(const BatchFiller&) = delete;

  /// One read, which may wait in the source until `patience`. A result is what only the reader can act on: no
  /// data, and no record that is too big for the room it was offered. REQUIRES: !has_unplaced().
  virtual std::variant<Step, ReadResult> fill(Deadline patience) = 0;
  /// Whether records that were read are not in a batch yet.
  virtual bool has_unplaced() const = 0;
  /// Places them, as far as there is room.
  virtual Step place() = 0;
  /// What was read will be read again.
  virtual void forget() = 0;
};

/// The source and the batches outlive it.
std::unique_ptr<BatchFiller> direct_filler(MeteredSource& source, OpenBatches& batches,
                                           const ReaderShared& shared);
std::unique_ptr<BatchFiller> staged_filler(unsigned reader, MeteredSource& source, OpenBatches& batches,
                                           const ReaderShared& shared);

/// Whether batches tell where their records came from: those of which one may be rejected.
bool wants_origins(const ReaderShared& shared);

/// The room to offer after a read that found its next record too big for `room`.
std::size_t larger_room(const ReadResult& too_big, std::size_t room);

}  // namespace millrace
