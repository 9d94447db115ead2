// Sums and medians of a timeline.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

#include <millrace/run.h>

#include "host/time/timeline.h"

namespace millrace {

/// Any thread, at any time. The job had that many readers and sinks, for so long.
TimeSpent time_spent(const Timeline& timeline, unsigned readers, std::size_t sinks,
                     std::chrono::nanoseconds elapsed);

}  // namespace millrace
