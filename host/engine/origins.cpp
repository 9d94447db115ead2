// Looking runs up.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/origins.h"

#include <algorithm>

namespace millrace {

std::optional<OriginRun> origin_at(std::span<const OriginRun> runs, std::uint32_t place) {
  const auto after = std::ranges::upper_bound(runs, place, {}, &OriginRun::first);
  if (after == runs.begin()) return std::nullopt;
  const OriginRun& run = after[-1];
  return OriginRun{place, run.partition, run.first_offset + (place - run.first)};
}

// Of several empty records in one place it is the first.
std::optional<OriginRun> origin_of(const FilledBatch& batch, const Token& record) {
  if (batch.ends.empty()) return origin_at(batch.origins, record.offset);
  auto ends = std::ranges::lower_bound(batch.ends, record.offset + record.length);
  const std::uint32_t begin = ends == batch.ends.begin() ? 0 : ends[-1];
  if (begin != record.offset) ++ends;  // an empty record behind one that ends there
  return origin_at(batch.origins, static_cast<std::uint32_t>(ends - batch.ends.begin()));
}

void PartitionTable::tell(unsigned reader, std::span<const Partition> partitions) {
  const std::scoped_lock lock(mutex_);
  std::vector<Partition>& known = partitions_[reader];
  const auto news = partitions.subspan(known.size());
  known.insert(known.end(), news.begin(), news.end());
}

std::string PartitionTable::name(unsigned reader, std::uint32_t partition) const {
  const std::scoped_lock lock(mutex_);
  return partitions_[reader].at(partition).name;
}

std::vector<Partition> PartitionTable::behind(unsigned reader, std::size_t first) const {
  const std::scoped_lock lock(mutex_);
  const std::vector<Partition>& known = partitions_[reader];
  return {known.begin() + static_cast<std::ptrdiff_t>(std::min(first, known.size())), known.end()};
}

}  // namespace millrace
