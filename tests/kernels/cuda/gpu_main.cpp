// Runs the tests that need a GPU, or says why there is none and exits with code 77.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>

#include <gtest/gtest.h>

#include <millrace/error.h>

#include "kernels/cuda/device_api.h"
#include "tests/kernels/cuda/gpu_child.h"
#include "tests/kernels/cuda/gpu_support.h"
#include "tests/kernels/cuda/gpu_trap.h"

namespace {

constexpr int kSkipped = 77;
constexpr std::string_view kChildFlag = "--child=";

void tell_facts(millrace::cuda::DeviceApi& device) {
  const millrace::cuda::DeviceFacts facts = device.facts();
  std::cerr << facts.name << ", " << facts.multiprocessors << " multiprocessors, " << facts.shared_bytes
            << " B of shared memory per block, " << (facts.memory_free >> 20) << " MiB free; "
            << millrace::driver_versions() << "; MILLRACE_SEED=" << millrace::test_seed() << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 2 && std::string_view(argv[1]).starts_with(kChildFlag))
      return millrace::child_main(std::string_view(argv[1]).substr(kChildFlag.size()));
    ::testing::InitGoogleTest(&argc, argv);
    if (::testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
    tell_facts(*millrace::cuda::open_cuda_device());
    return RUN_ALL_TESTS();
  } catch (const millrace::UnavailableError& error) {
    std::cerr << "no GPU: " << error.what() << '\n';
    return kSkipped;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
