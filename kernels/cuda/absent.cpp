// Stands in for the CUDA backend in builds without CUDA.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/availability.h"

namespace millrace {

std::string cuda_absent() {
  return "this build has no CUDA backend";
}

std::string cuda_missing() {
  return cuda_absent();
}

std::unique_ptr<Backend> make_cuda_backend(const Plan&, const BackendOptions&) {
  throw UnavailableError("the CUDA backend cannot be used: " + cuda_missing());
}

}  // namespace millrace
