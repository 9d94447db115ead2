// The tests for a GPU on the fake device, so that a first run on a GPU does not fail on a slip of theirs.
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "kernels/cuda/device_api.h"
#include "tests/support/fake_device.h"

namespace millrace::cuda {

// Takes the place of the one in cuda_device.cu.
std::shared_ptr<DeviceApi> open_cuda_device() {
  constexpr std::size_t kMemory = std::size_t{512} << 20;
  return std::make_shared<FakeDevice>(FakeDeviceOptions{.memory = kMemory, .pinned_memory = kMemory});
}

}  // namespace millrace::cuda
