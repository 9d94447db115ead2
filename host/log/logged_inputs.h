// The inputs of a job as its log knows them: partitions, and how far each was read.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <millrace/source.h>

#include "host/log/epoch_log.h"
#include "host/log/frame.h"

namespace millrace {

/// Not thread-safe. Functions that read throw CorruptError.
class LoggedInputs {
 public:
  /// Readers begin with these. What the log knows of other inputs it keeps: a file that was read to its end may
  /// be gone, and come back.
  void start(const std::vector<ReaderInputs>& readers);
  /// By change, per reader: partitions that were found behind those that were known, and marks of some.
  /// REQUIRES: each one that was found has a mark.
  void merge(const std::vector<std::vector<Partition>>& found, const std::vector<Marks>& marks);
  /// For the next run's openers, whatever reader had them.
  Resume all() const;

  /// Writes a section of all partitions with their marks, for a key frame.
  void write(FrameWriter& frame) const;
  /// Forgets all, for a key frame's section that follows.
  void clear();
  void read_partitions(std::string_view chunk);
  void read_marks(std::string_view chunk);

 private:
  std::vector<ReaderInputs> readers_;
  ReaderInputs others_;  ///< nobody reads them now
};

/// Writes a section of partitions that were found, per reader; none if there are none. Their marks follow.
void write_found(FrameWriter& frame, const std::vector<std::vector<Partition>>& found);

/// Writes a section of marks that have changed, per reader.
void write_marks(FrameWriter& frame, const std::vector<Marks>& marks);

}  // namespace millrace
