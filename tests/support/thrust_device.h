// A fake device that sorts and reduces with Thrust, which a real one's library comes from.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/fake_device.h"

namespace millrace::cuda {

/// Built only where the CUDA toolkit's headers are.
class ThrustDevice : public FakeDevice {
 public:
  using FakeDevice::FakeDevice;

 protected:
  void sort_now(std::uint64_t* keys, std::uint32_t* numbers, std::uint32_t n, int end_bit) override;
  std::uint32_t reduce_now(const SortBuffers& sorted, std::uint32_t n, const std::uint64_t* counts,
                           std::uint64_t* counts_out) override;
  std::uint32_t reduce_now(const SortBuffers& sorted, std::uint32_t n, Combine combine,
                           const std::int64_t* values, std::int64_t* values_out) override;
};

}  // namespace millrace::cuda
