// How fast a backend counts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include <millrace/backend.h>

namespace millrace {

/// Bytes per second: the median of a few rounds, in each of which all batches are counted, after one that
/// shows the backend their keys. The batches are of pane 0; their buffers are numbered here. It takes a small
/// part of a second, unless one round takes longer. Leaves the backend as empty as it was.
double measured_rate(Backend& backend, std::span<const Batch> batches);

}  // namespace millrace
