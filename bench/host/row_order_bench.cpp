// Taking rows, merging, sorting a million of them, choosing ten, and reading them in their order.
// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <string>

#include <benchmark/benchmark.h>

#include "host/state/row_order.h"
#include "host/state/row_writer.h"
#include "kernels/key.h"

namespace millrace {
namespace {

constexpr std::size_t kRows = 1'000'000;

enum Kind : std::int64_t { numbers, words, addresses };

std::string key_of(std::int64_t kind, std::size_t i) {
  switch (kind) {
    case numbers: return std::to_string(i);
    case words: {
      std::string word;
      for (std::size_t rest = i + 1; rest > 0; rest /= 26) word += static_cast<char>('a' + rest % 26);
      return word + std::string(mix(i) % 8, 'e');
    }
    default: return "https://example.org/a/long/path/" + std::to_string(mix(i) % 100) + '/' + std::to_string(i);
  }
}

Columns columns_of(std::int64_t kind, unsigned order_seed = 7) {
  std::mt19937_64 random(order_seed);
  Columns columns(0, unlimited_budget());
  std::vector<std::size_t> order(kRows);
  for (std::size_t i = 0; i < kRows; ++i) order[i] = i;
  std::ranges::shuffle(order, random);
  for (const std::size_t i : order) {
    const std::string text = key_of(kind, i);
    const Key key = make_key(text.data(), static_cast<std::uint32_t>(text.size()), hash_seed(1, 63));
    // Counts as Zipf's law has them: most keys are seen once.
    const std::int64_t count = kind == numbers ? 1 : static_cast<std::int64_t>(kRows / 10 / (i + 1) + 1);
    columns.append(key, is_packed(key) ? std::string_view() : text, count);
  }
  return columns;
}

PaneState state_of(std::int64_t kind) {
  PaneState state({}, 1, unlimited_budget());
  state.merge(columns_of(kind));
  return state;
}

// What a backend hands over, piece by piece.
void take_partials(benchmark::State& bench) {
  constexpr std::size_t kPiece = std::size_t{64} << 10;
  const std::vector<Key> keys(kPiece, pack("word", 4));
  const std::vector<std::string_view> texts(kPiece);
  const std::vector<std::int64_t> counts(kPiece, 1);
  for (auto _ : bench) {
    Columns columns(0, unlimited_budget());
    for (std::size_t rows = 0; rows < 10 * kRows; rows += kPiece)
      columns.add({.keys = keys, .texts = texts, .counts = counts, .values = {}, .unique = true});
    benchmark::DoNotOptimize(columns);
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(10 * kRows));
}

// The second time each key is there already, at another place.
void merge_again(benchmark::State& bench) {
  for (auto _ : bench) {
    bench.PauseTiming();
    PaneState state = state_of(bench.range(0));
    Columns again = columns_of(bench.range(0), 8);
    bench.ResumeTiming();
    state.merge(std::move(again));
    benchmark::DoNotOptimize(state);
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(kRows));
}

void sort_all(benchmark::State& bench) {
  const PaneState state = state_of(bench.range(0));
  WorkerPool workers(static_cast<std::size_t>(bench.range(1)));
  for (auto _ : bench) benchmark::DoNotOptimize(ordered_rows(state, Plan{}, unlimited_budget(), workers));
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(kRows));
}

void choose_ten(benchmark::State& bench) {
  const PaneState state = state_of(bench.range(0));
  Plan plan;
  plan.top = 10;
  WorkerPool one(1);
  for (auto _ : bench) benchmark::DoNotOptimize(ordered_rows(state, plan, unlimited_budget(), one));
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(kRows));
}

void read_in_order(benchmark::State& bench) {
  const PaneState state = state_of(bench.range(0));
  const Plan plan;
  WorkerPool one(1);
  const auto order = ordered_rows(state, plan, unlimited_budget(), one);
  RowWriter writer(state, plan.measures, {}, std::nullopt);
  std::size_t bytes = 0;
  for (auto _ : bench)
    writer.write(order, [&](std::span<const Aggregate> rows) {
      for (const Aggregate& row : rows) bytes += static_cast<unsigned char>(row.key.back());
    });
  benchmark::DoNotOptimize(bytes);
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(kRows));
}

BENCHMARK(take_partials)->Unit(benchmark::kMillisecond);
BENCHMARK(merge_again)->ArgName("keys")->DenseRange(numbers, addresses)->Unit(benchmark::kMillisecond);
BENCHMARK(sort_all)
    ->ArgNames({"keys", "threads"})
    ->ArgsProduct({{numbers, words, addresses}, {1, 2}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(choose_ten)->ArgName("keys")->Arg(numbers)->Arg(words)->Unit(benchmark::kMillisecond);
BENCHMARK(read_in_order)->ArgName("keys")->Arg(numbers)->Arg(addresses)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace
