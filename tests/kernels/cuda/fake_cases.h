// CUDA backends on doubles of a device, for the contract suite.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "kernels/cuda/cuda_backend.h"
#include "tests/kernels/backend_contract.h"
#include "tests/support/fake_device.h"

namespace millrace::cuda {

/// With a table of so many slots and so much memory for keys, in blocks of so many threads.
template <class Device, std::uint32_t slots, std::size_t arena_bytes, unsigned threads>
std::unique_ptr<Backend> make_fake(const Plan& plan, const BackendOptions& options) {
  static std::uint64_t seed = 0;
  BackendOptions small = options;  // so that texts have many tiles, and the fake is quick
  if (small.batch_bytes == 0) small.batch_bytes = std::size_t{128} << 10;
  auto device = std::make_shared<Device>(FakeDeviceOptions{.seed = ++seed, .block_threads = threads});
  return make_cuda_backend(std::move(device), plan, small, {.arena_bytes = arena_bytes, .table_slots = slots});
}

template <class Device>
auto fake_cases() {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  return ::testing::Values(BackendCase{"roomy", make_fake<Device, 1024, 4 * kMiB, 64>, 1},
                           BackendCase{"tiny_table", make_fake<Device, 4, 4 * kMiB, 32>, 1},
                           BackendCase{"tiny_arena", make_fake<Device, 64, kMiB / 4, 128>, 1});
}

}  // namespace millrace::cuda
