// Thrust sorts and reduces as the fake device's plain loops do.
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/thrust_device.h"

#include <gtest/gtest.h>

#include "tests/support/sort_contract.h"

namespace millrace::cuda::thrust_device_test {
namespace {

TEST(ThrustDevice, SortsAndReduces) {
  expect_sorts_and_reduces<ThrustDevice>();
}

}  // namespace
}  // namespace millrace::cuda::thrust_device_test
