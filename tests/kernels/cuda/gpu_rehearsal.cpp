// The tests for a GPU on the fake device, so that a first run on a GPU does not fail on a slip of theirs.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <vector>

#include "kernels/cuda/device_api.h"
#include "tests/kernels/cuda/gpu_trap.h"
#include "tests/support/fake_device.h"

namespace millrace {
namespace {

constexpr std::size_t kMemory = std::size_t{512} << 20;
std::vector<std::weak_ptr<cuda::FakeDevice>> devices;
std::size_t device_memory = kMemory;  // of devices that are opened from now on

}  // namespace

// These take the places of those in cuda_device.cu and gpu_trap.cu.

std::shared_ptr<cuda::DeviceApi> cuda::open_cuda_device() {
  auto device =
      std::make_shared<FakeDevice>(FakeDeviceOptions{.memory = device_memory, .pinned_memory = kMemory});
  devices.push_back(device);
  return device;
}

void trap_device() {
  for (const auto& opened : devices)
    if (const auto device = opened.lock()) device->fail_at(0);
}

std::size_t fill_device(std::size_t left) {
  return device_memory = std::min(left, kMemory);
}

std::string driver_versions() {
  return "no driver";
}

}  // namespace millrace
