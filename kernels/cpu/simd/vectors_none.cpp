// Processors for which nothing was written.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/simd/text_kernels.h"

namespace millrace {

std::vector<const TextKernels*> vector_kernels() {
  return {};
}

}  // namespace millrace
