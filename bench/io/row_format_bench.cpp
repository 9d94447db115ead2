// Formatting rows.
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "io/format/row_format.h"

namespace millrace::io {
namespace {

constexpr std::size_t kRows = 10'000;

void format_rows(benchmark::State& bench) {
  RowLayout layout;
  layout.format = static_cast<Format>(bench.range(0));
  layout.measures = {Measure{}};
  layout.names = {"count"};
  std::vector<std::string> keys;
  std::vector<Int128> counts;
  for (std::size_t i = 0; i < kRows; ++i) {
    keys.push_back(std::string(i % 12, 'k') + std::to_string(i));
    counts.push_back(static_cast<Int128>(i * i % 1000));
  }
  std::vector<Aggregate> rows;
  for (std::size_t i = 0; i < kRows; ++i)
    rows.push_back({.window = {},
                    .key = keys[i],
                    .count = static_cast<std::int64_t>(counts[i]),
                    .values = {&counts[i], 1}});
  RowFormat format(layout, [](std::string_view text) { benchmark::DoNotOptimize(text.data()); });
  for (auto _ : bench) {
    format.add(rows);
    format.flush();
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(kRows));
}

BENCHMARK(format_rows)
    ->ArgName("format")
    ->Arg(static_cast<int>(Format::text))
    ->Arg(static_cast<int>(Format::csv))
    ->Arg(static_cast<int>(Format::json))
    ->Arg(static_cast<int>(Format::table))
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace millrace::io
