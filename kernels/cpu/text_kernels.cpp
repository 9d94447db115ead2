// Which instruction sets this machine has.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/text_kernels.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <millrace/error.h>

namespace millrace {
namespace {

std::vector<const TextKernels*> find_runnable() {
  std::vector<const TextKernels*> found;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2"))
    found.push_back(&kAvx512Kernels);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) found.push_back(&kAvx2Kernels);
  found.push_back(&kSse2Kernels);
#elif defined(__aarch64__)
  found.push_back(&kNeonKernels);
#endif
  found.push_back(&kScalarKernels);
  return found;
}

const TextKernels& choose() {
  const char* wanted = std::getenv(kSimdVariable);
  if (wanted == nullptr || *wanted == '\0') return *runnable_kernels().front();
  std::string names;
  for (const TextKernels* kernels : runnable_kernels()) {
    if (to_string(kernels->level) == wanted) return *kernels;
    names += (names.empty() ? "" : ", ") + std::string(to_string(kernels->level));
  }
  throw ConfigError({"MILLRACE_SIMD=" + std::string(wanted) + ": this machine has " + names});
}

}  // namespace

std::string_view to_string(SimdLevel level) {
  switch (level) {
    case SimdLevel::scalar: return "scalar";
    case SimdLevel::sse2: return "sse2";
    case SimdLevel::avx2: return "avx2";
    case SimdLevel::avx512: return "avx512";
    case SimdLevel::neon: return "neon";
  }
  return "";
}

std::span<const TextKernels* const> runnable_kernels() {
  static const std::vector<const TextKernels*> found = find_runnable();
  return found;
}

const TextKernels& text_kernels() {
  static const TextKernels& chosen = choose();
  return chosen;
}

}  // namespace millrace
