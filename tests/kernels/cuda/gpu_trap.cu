// A kernel that traps, a hoarder of device memory, and versions.
// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/cuda/gpu_trap.h"

#include "kernels/cuda/device/check.h"

namespace millrace {
namespace {

__global__ void trap_kernel() {
  __trap();
}

std::size_t free_bytes() {
  std::size_t free = 0;
  std::size_t total = 0;
  cuda::require(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return free;
}

}  // namespace

void trap_device() {
  trap_kernel<<<1, 1>>>();
  cuda::require(cudaGetLastError(), "starting trap_kernel");
}

std::size_t fill_device(std::size_t left) {
  constexpr std::size_t kSmallest = std::size_t{64} << 10;
  for (std::size_t bytes = free_bytes(); bytes >= kSmallest;) {
    const std::size_t free = free_bytes();
    if (free <= left) break;
    void* kept = nullptr;
    if (bytes > free - left || cudaMalloc(&kept, bytes) != cudaSuccess) {
      cudaGetLastError();
      bytes /= 2;
    }
  }
  return free_bytes();
}

std::string driver_versions() {
  int driver = 0;
  int runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  return "driver for CUDA " + std::to_string(driver) + ", runtime " + std::to_string(runtime);
}

}  // namespace millrace
