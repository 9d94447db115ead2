// Runs the tests that need a GPU, or says why there is none and exits with code 77.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include "kernels/cuda/cuda.h"
#include "tests/kernels/cuda/gpu_child.h"
#include "tests/kernels/cuda/gpu_support.h"

namespace {

constexpr int kSkipped = 77;
constexpr std::string_view kChildFlag = "--child=";

void tell_facts() {
  const millrace::cuda::DeviceFacts facts = millrace::cuda::open_cuda_device()->facts();
  int driver = 0;
  int runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  std::cerr << facts.name << ", " << facts.multiprocessors << " multiprocessors, " << facts.shared_bytes
            << " B of shared memory per block, " << (facts.memory_free >> 20) << " MiB free; driver for CUDA "
            << driver << ", runtime " << runtime << "; MILLRACE_SEED=" << millrace::test_seed() << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 2 && std::string_view(argv[1]).starts_with(kChildFlag))
      return millrace::child_main(std::string_view(argv[1]).substr(kChildFlag.size()));
    ::testing::InitGoogleTest(&argc, argv);
    if (::testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
    if (const std::string reason = millrace::cuda_missing(); !reason.empty()) {
      std::cerr << "no GPU: " << reason << '\n';
      return kSkipped;
    }
    tell_facts();
    return RUN_ALL_TESTS();
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
