// Keeping the marks of many readers by their changes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <millrace/partition.h>

namespace millrace {

/// Takes news over: of each partition the last mark stays, in the order of partitions.
void merge_marks(Marks& into, const Marks& news);
/// The same for each reader; `into` may have none yet.
void merge_marks(std::vector<Marks>& into, const std::vector<Marks>& news);

}  // namespace millrace
