// A device that fails on the way, or is full: its error is told by name, and what is counted is right.
// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include "tests/kernels/cuda/gpu_child.h"

namespace millrace::gpu_failure_test {
namespace {

void expect_success(const char* child) {
  const ChildResult result = run_in_child(child);
  EXPECT_EQ(result.exit_code, 0) << child << ":\n" << result.output;
  std::cerr << result.output;
}

TEST(GpuFailure, EveryCallNamesTheError) {
  for (const char* child : {"trap-submit", "trap-reclaim", "trap-collect", "trap-allocate"})
    expect_success(child);
}

TEST(GpuFailure, AJobGoesOnWithTheCpuFromASourceThatCanGoBack) {
  expect_success("trap-replayable");
}

TEST(GpuFailure, AJobGoesOnWithTheCpuFromASourceThatCannot) {
  expect_success("trap-once");
}

// In a process of its own, so that kernels are loaded when the device is already full.
TEST(GpuFailure, AFullDeviceMakesArenasSmallOrTheBackendUnavailable) {
  for (const char* left : {"4096", "1024", "256", "64", "16", "2", "0"}) {
    const ChildResult result = run_in_child(std::string("full-") + left);
    EXPECT_EQ(result.exit_code, 0) << left << " MiB of device memory left\n" << result.output;
    std::cerr << "  " << left << " MiB left: " << result.output;
  }
}

}  // namespace
}  // namespace millrace::gpu_failure_test
