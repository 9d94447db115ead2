// Counts fixed texts on one thread of the CPU backend, for callgrind: bench/instructions.py runs it.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>

#include <valgrind/callgrind.h>

#include "bench/kernels/jobs.h"

namespace {

constexpr std::size_t kBytes = std::size_t{4} << 20;

// The making of texts does not count, and runs faster. Callgrind writes a file for each job, with its name.
void measure(const millrace::bench::Job& job) {
  const auto backend = millrace::make_cpu_backend(job.plan, {.threads = 1, .hash_seed = 1});
  CALLGRIND_START_INSTRUMENTATION;
  millrace::bench::count(job, *backend);
  CALLGRIND_STOP_INSTRUMENTATION;
  CALLGRIND_DUMP_STATS_AT(job.name.c_str());
}

}  // namespace

int main() try {
  using namespace millrace::bench;
  std::puts(MILLRACE_COMPILER);
  for (Job (*const make)(std::size_t) : {words, folded_words, many_words, pieces, field_sums, row_sums})
    measure(make(kBytes));
} catch (const std::exception& error) {
  std::fprintf(stderr, "instructions: %s\n", error.what());
  return 70;
}
