// The CPU backend on batches in memory, and the merge of what its workers have counted.
// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include <benchmark/benchmark.h>

#include "bench/kernels/jobs.h"
#include "host/backends/batch_loop.h"

namespace millrace {
namespace {

constexpr std::size_t kBytes = std::size_t{64} << 20;

void count_job(benchmark::State& bench, bench::Job (*make)(std::size_t)) {
  const bench::Job job = make(kBytes);
  const auto backend =
      make_cpu_backend(job.plan, {.threads = static_cast<unsigned>(bench.range(0)), .hash_seed = 1});
  for (auto _ : bench) bench::count(job, *backend);
  bench.SetBytesProcessed(bench.iterations() * static_cast<std::int64_t>(job.bytes()));
}

/// Counts rows.
class Rows final : public PartialSink {
 public:
  void add(const Partials& partials) override { rows += partials.keys.size(); }
  std::size_t rows = 0;
};

// Every key has been seen by either worker, or nearly: each draws from a million four million times or so.
void merge_two_tables(benchmark::State& bench) {
  const bench::Job job = bench::many_words(kBytes);
  const auto backend = make_cpu_backend(job.plan, {.threads = 2, .hash_seed = 1});
  Rows sink;
  BatchLoop loop(*backend, job.batches, sink);
  for (auto _ : bench) {
    for (std::size_t i = 0; i < job.batches.size(); ++i) loop.submit();
    loop.settle();
    const auto begin = std::chrono::steady_clock::now();
    loop.collect();
    bench.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  bench.SetItemsProcessed(static_cast<std::int64_t>(sink.rows));
}

void on_threads(benchmark::internal::Benchmark* bench) {
  bench->ArgName("threads")
      ->Arg(1)
      ->Arg(2)
      ->Unit(benchmark::kMillisecond)
      ->MeasureProcessCPUTime()
      ->UseRealTime();
}

BENCHMARK_CAPTURE(count_job, words, bench::words)->Apply(on_threads);
BENCHMARK_CAPTURE(count_job, folded_words, bench::folded_words)->Apply(on_threads);
BENCHMARK_CAPTURE(count_job, many_words, bench::many_words)->Apply(on_threads);
BENCHMARK_CAPTURE(count_job, pieces, bench::pieces)->Apply(on_threads);
BENCHMARK_CAPTURE(count_job, field_sums, bench::field_sums)->Apply(on_threads);
BENCHMARK_CAPTURE(count_job, row_sums, bench::row_sums)->Apply(on_threads);
BENCHMARK(merge_two_tables)->Unit(benchmark::kMillisecond)->UseManualTime();

}  // namespace
}  // namespace millrace
