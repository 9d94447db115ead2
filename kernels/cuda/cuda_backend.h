// The CUDA backend: batches are copied to a device, counted there, and stay there until a pane is collected.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <millrace/backend.h>

#include "kernels/cuda/device_api.h"

namespace millrace::cuda {

/// What tests and benchmarks set; 0 means: choose.
struct CudaTuning {
  std::size_t arena_bytes = 0;    ///< device memory for partials
  std::uint32_t table_slots = 0;  ///< of each block's table
  int panes = 0;                  ///< that can be counted at a time
  int sort_bits = 32;             ///< of the mixed key, when entries are merged before a pane is collected
};

/// What a backend has done since its start. Only the engine thread may read it.
struct CudaCounters {
  std::uint64_t batches = 0;          ///< counted on the device
  std::uint64_t tokens = 0;           ///< in those
  std::uint64_t spilled = 0;          ///< tokens that found no place in a block's table
  std::uint64_t bytes_to_device = 0;  ///< copied
  std::uint64_t bytes_to_host =
      0;                      ///< copied, at collects and merges only: a batch's verdict is written by a kernel
  std::uint64_t merges = 0;   ///< of a pane's entries before its collect
  std::uint64_t refused = 0;  ///< batches given back uncounted
  std::uint64_t on_host = 0;  ///< batches that no empty pane can take, counted by the CPU
};

class CudaBackend : public Backend {
 public:
  virtual const CudaCounters& counters() const = 0;
};

/// Throws UnavailableError if the device cannot run this plan or lacks memory, BudgetError if the host does.
std::unique_ptr<CudaBackend> make_cuda_backend(std::shared_ptr<DeviceApi> device, const Plan& plan,
                                               const BackendOptions& options, const CudaTuning& tuning);

}  // namespace millrace::cuda
