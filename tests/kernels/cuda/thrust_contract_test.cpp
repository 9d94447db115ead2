// The same contract with Thrust's sort and reduce, which know nothing of the fake's own.
// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/cuda/fake_cases.h"
#include "tests/support/thrust_device.h"

namespace millrace::thrust_contract_test {

INSTANTIATE_TEST_SUITE_P(ThrustDevice, BackendContract, cuda::fake_cases<cuda::ThrustDevice>(),
                         ::testing::PrintToStringParamName());

}  // namespace millrace::thrust_contract_test
