// What aarch64 processors have of vector instructions.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/simd/text_kernels.h"

namespace millrace {

extern const TextKernels kNeonKernels;

std::vector<const TextKernels*> vector_kernels() {
  return {&kNeonKernels};
}

}  // namespace millrace
