// What a plan means to the kernels.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <millrace/plan.h>

#include "kernels/cuda/device_types.h"

namespace millrace::cuda {

/// All but `fields.values`, which must point to device memory. REQUIRES: at most kColumnsMax columns and
/// inputs.
CountSpec count_spec(const Plan& plan, const HashSeed& hash);

/// The same for batches with rows: keys that the host has found are taken as they are.
CountSpec count_spec_of_rows(CountSpec rule);

}  // namespace millrace::cuda
