// Whether there is a GPU, and the backend that uses it.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/availability.h"

#include <array>
#include <filesystem>
#include <system_error>

#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/device_api.h"

namespace millrace {

// What the driver shows when it is loaded: on Linux, in WSL, on boards with a GPU inside.
std::string cuda_absent() {
  constexpr std::array kSigns = {"/dev/nvidiactl", "/dev/dxg", "/dev/nvhost-gpu", "/dev/nvgpu"};
  for (const char* sign : kSigns) {
    std::error_code ignored;
    if (std::filesystem::exists(sign, ignored)) return {};
  }
  return "no NVIDIA driver is loaded";
}

std::string cuda_missing() {
  try {
    cuda::open_cuda_device();
    return {};
  } catch (const UnavailableError& error) {
    return error.what();
  }
}

std::unique_ptr<Backend> make_cuda_backend(const Plan& plan, const BackendOptions& options) {
  return cuda::make_cuda_backend(cuda::open_cuda_device(), plan, options, {});
}

}  // namespace millrace
