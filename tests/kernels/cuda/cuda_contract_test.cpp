// The CUDA backend on a fake device keeps the contract of backends.
// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/cuda/fake_cases.h"

namespace millrace::cuda_contract_test {

INSTANTIATE_TEST_SUITE_P(FakeDevice, BackendContract, cuda::fake_cases<cuda::FakeDevice>(),
                         ::testing::PrintToStringParamName());

}  // namespace millrace::cuda_contract_test
