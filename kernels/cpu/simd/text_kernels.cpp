// The choice among what this machine can run.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/simd/text_kernels.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <millrace/error.h>

namespace millrace {
namespace {

std::vector<const TextKernels*> find_runnable() {
  std::vector<const TextKernels*> found = vector_kernels();
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
  throw ConfigError({"MILLRACE_SIMD=" + excerpt(wanted) + ": this machine has " + names});
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
