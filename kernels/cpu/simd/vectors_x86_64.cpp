// What x86-64 processors have of vector instructions.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/simd/text_kernels.h"

namespace millrace {

extern const TextKernels kSse2Kernels;
extern const TextKernels kAvx2Kernels;
extern const TextKernels kAvx512Kernels;

std::vector<const TextKernels*> vector_kernels() {
  std::vector<const TextKernels*> found;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2"))
    found.push_back(&kAvx512Kernels);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) found.push_back(&kAvx2Kernels);
  found.push_back(&kSse2Kernels);
  return found;
}

}  // namespace millrace
