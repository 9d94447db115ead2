// Turns CUDA's error codes into exceptions.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <cuda_runtime_api.h>

#include <millrace/error.h>

namespace millrace::cuda {

inline std::string error_text(cudaError_t error) {
  return std::string(cudaGetErrorName(error)) + ": " + cudaGetErrorString(error);
}

/// Throws DeviceError, which names the call, if it has failed.
inline void require(cudaError_t error, const char* call) {
  if (error != cudaSuccess) throw DeviceError(std::string(call) + " failed, " + error_text(error));
}

}  // namespace millrace::cuda
