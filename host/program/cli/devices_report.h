// What `millrace devices` says about CPU and GPU side by side.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "host/backends/size_sweep.h"

namespace millrace::cli {

/// A row for each size of batches, under a heading.
std::string crossover_table(std::span<const Rates> rates);

/// What `auto` does on such input, and why: it compares the backends, each with batches of its own size.
/// REQUIRES: `rates` is not empty and grows by size.
std::string crossover_verdict(std::span<const Rates> rates, std::size_t cpu_batch, std::size_t gpu_batch,
                              unsigned threads);

}  // namespace millrace::cli
