// The reference backend keeps the contract.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/reference_backend.h"

#include <gtest/gtest.h>

#include "tests/kernels/backend_contract.h"

namespace millrace::reference_backend_test {

INSTANTIATE_TEST_SUITE_P(Plain, BackendContract,
                         ::testing::Values(BackendCase{"reference", make_reference_backend, 1}),
                         ::testing::PrintToStringParamName());

}  // namespace millrace::reference_backend_test
