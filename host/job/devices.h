// What this machine counts with, and how fast.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <millrace/options.h>

#include "host/backends/size_sweep.h"

namespace millrace {

/// Instruction sets by which the CPU scans text.
struct VectorInstructions {
  std::string_view chosen;
  std::vector<std::string_view> others;  ///< that the environment can choose here
};
/// Throws ConfigError if the environment names none of them.
VectorInstructions vector_instructions();
/// The variable that chooses them, for who measures and tests.
std::string_view vectors_variable();

/// CPU and GPU side by side.
struct BackendComparison {
  std::vector<Rates> rates;  ///< `present` is the CPU; by size of batches
  Rates cpu;                 ///< those with which a job on the CPU counts
  Rates gpu;
  bool moves = false;  ///< a job on `automatic` goes over to the GPU for such input
};

/// Counts words made up for it, with the threads and batches of a job. Throws UnavailableError if no GPU can be
/// used.
BackendComparison compare_backends(const Options& options);

/// Of batches whose size was not measured those of the next smaller one tell.
/// REQUIRES: `rates` is not empty and grows by size.
BackendComparison compare(std::vector<Rates> rates, std::size_t cpu_batch, std::size_t gpu_batch);

}  // namespace millrace
