// The copy on a CUDA device.
// SPDX-License-Identifier: Apache-2.0
#include "bench/gpu/device_copy.h"

#include "bench/gpu/workload.h"
#include "kernels/cuda/device/check.h"

namespace millrace::bench {

double seconds_of_device_copies(void* to, const void* from, std::size_t bytes, int times) {
  cuda::require(cudaDeviceSynchronize(), "waiting for the device");
  const Time begin = now();
  for (int i = 0; i < times; ++i)
    cuda::require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice), "copying in the device");
  cuda::require(cudaDeviceSynchronize(), "waiting for the device");
  return seconds_since(begin);
}

}  // namespace millrace::bench
