// Each text kernel, with each instruction set that this machine has, on text that stays in the near caches.
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/kernels/jobs.h"
#include "kernels/cpu/simd/length_classes.h"
#include "kernels/cpu/simd/text_scan.h"

namespace millrace {
namespace {

// One stretch at a time, as the counters do it; several, so that branches cannot be learnt by heart.
constexpr std::size_t kStretches = 16;
constexpr std::size_t kBlocks = kStretchBytes / kBlockBytes;
constexpr auto kBytes = static_cast<std::int64_t>(kStretches * kStretchBytes);

/// What the kernels take, made once by the plainest of them.
struct Input {
  struct Stretch {
    const char* text;
    std::vector<std::uint64_t> edge_masks;
    std::vector<std::uint16_t> edges;
    std::size_t words = 0;
  };
  std::string text = bench::sentences(kStretches * kStretchBytes, 30'000, 1);
  std::vector<Stretch> stretches;

  Input() {
    TextScan scan(kScalarKernels);
    for (std::size_t i = 0; i < kStretches; ++i) {
      Stretch& stretch = stretches.emplace_back();
      stretch.text = text.data() + i * kStretchBytes;
      stretch.edges.resize(kStretchBytes + 1 + kPositionSlack);
      const std::size_t edges = scan.word_edges(stretch.text, kStretchBytes, false, stretch.edges.data());
      stretch.words = edges / 2;
      stretch.edge_masks.resize(kBlocks);
      for (std::size_t e = 0; e < edges; ++e)
        stretch.edge_masks[stretch.edges[e] / kBlockBytes] |= std::uint64_t{1}
                                                              << stretch.edges[e] % kBlockBytes;
    }
  }
};

const Input& input() {
  static const Input made;
  return made;
}

template <class Run>
void on_each_stretch(benchmark::State& bench, Run run) {
  for (auto _ : bench)
    for (const Input::Stretch& stretch : input().stretches) run(stretch);
  bench.SetBytesProcessed(bench.iterations() * kBytes);
}

void find_masks(benchmark::State& bench, void (*find)(const char*, std::size_t, std::uint64_t*)) {
  std::vector<std::uint64_t> masks(kBlocks);
  on_each_stretch(bench, [&](const Input::Stretch& stretch) {
    find(stretch.text, kBlocks, masks.data());
    benchmark::DoNotOptimize(masks.data());
  });
}

void match_masks(benchmark::State& bench, const TextKernels& kernels) {
  std::vector<std::uint64_t> masks(kBlocks);
  on_each_stretch(bench, [&](const Input::Stretch& stretch) {
    kernels.match_masks(stretch.text, kBlocks, '\n', ',', masks.data());
    benchmark::DoNotOptimize(masks.data());
  });
}

void positions(benchmark::State& bench, const TextKernels& kernels) {
  std::vector<std::uint16_t> at(kStretchBytes + kPositionSlack);
  on_each_stretch(bench, [&](const Input::Stretch& stretch) {
    benchmark::DoNotOptimize(kernels.positions(stretch.edge_masks.data(), kBlocks, at.data()));
  });
}

void sort_by_length(benchmark::State& bench, const TextKernels& kernels) {
  std::vector<Place> lists[3];
  for (auto& list : lists) list.resize(LengthClasses::kKeysMax + kPlaceSlack);
  const PlaceLists to{lists[0].data(), lists[1].data(), lists[2].data()};
  on_each_stretch(bench, [&](const Input::Stretch& stretch) {
    benchmark::DoNotOptimize(kernels.sort_by_length(stretch.edges.data(), stretch.words, to));
  });
}

void fold_case(benchmark::State& bench, const TextKernels& kernels) {
  std::vector<char> folded(kStretchBytes);
  on_each_stretch(bench, [&](const Input::Stretch& stretch) {
    kernels.fold_case(stretch.text, kBlocks, folded.data());
    benchmark::DoNotOptimize(folded.data());
  });
}

void add_benchmarks(const TextKernels& kernels) {
  const auto name = [&](const char* kernel) {
    return std::string(kernel) + '/' + std::string(to_string(kernels.level));
  };
  benchmark::RegisterBenchmark(name("word_masks").c_str(), find_masks, kernels.word_masks);
  benchmark::RegisterBenchmark(name("alphanumeric_masks").c_str(), find_masks, kernels.alphanumeric_masks);
  benchmark::RegisterBenchmark(name("match_masks").c_str(), match_masks, kernels);
  benchmark::RegisterBenchmark(name("positions").c_str(), positions, kernels);
  benchmark::RegisterBenchmark(name("sort_by_length").c_str(), sort_by_length, kernels);
  benchmark::RegisterBenchmark(name("fold_case").c_str(), fold_case, kernels);
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  for (const millrace::TextKernels* kernels : millrace::runnable_kernels()) millrace::add_benchmarks(*kernels);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 64;
  benchmark::RunSpecifiedBenchmarks();
}
