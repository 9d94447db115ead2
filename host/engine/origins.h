// Where a place in a batch came from.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <millrace/partition.h>
#include <millrace/types.h>

#include "host/engine/ring.h"

namespace millrace {

/// The run that begins at `place`, as a part of the one that holds it; none if it is not known.
std::optional<OriginRun> origin_at(std::span<const OriginRun> runs, std::uint32_t place);

/// Where a record of a batch came from; none if it is not known. REQUIRES: `record` is one, without its end.
std::optional<OriginRun> origin_of(const FilledBatch& batch, const Token& record);

/// The partitions of all readers, told once. Any thread may call any function.
class PartitionTable {
 public:
  explicit PartitionTable(std::size_t readers) : partitions_(readers) {}

  /// The reader's partitions are these now: those known and perhaps more.
  void tell(unsigned reader, std::span<const Partition> partitions);
  std::string name(unsigned reader, std::uint32_t partition) const;
  /// Those of the reader, without the first ones.
  std::vector<Partition> behind(unsigned reader, std::size_t first) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::vector<Partition>> partitions_;
};

}  // namespace millrace
