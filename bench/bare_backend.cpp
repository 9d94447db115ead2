// The CPU backend alone, on one thread, on text in memory. bare_backend FILE tells how long it took.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <vector>

#include <millrace/backend.h>

#include "host/backends/batch_loop.h"

namespace millrace::bench {
namespace {

std::vector<char> read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> text(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad()) throw std::runtime_error("cannot read the file");
  return text;
}

/// Cut behind lines, as readers do. REQUIRES: kSlackBytes may be read past the text.
std::vector<Batch> batches_of(std::span<const char> text, std::size_t batch_bytes) {
  std::vector<Batch> batches;
  while (!text.empty()) {
    auto batch = text.first(std::min(text.size(), batch_bytes));
    const auto last = std::find(batch.rbegin(), batch.rend(), '\n');
    if (last != batch.rend()) batch = batch.first(static_cast<std::size_t>(batch.rend() - last));
    batches.push_back({.bytes = std::as_bytes(batch)});
    text = text.subspan(batch.size());
  }
  return batches;
}

/// What all counts add up to.
class Total final : public PartialSink {
 public:
  void add(const Partials& partials) override {
    for (const std::int64_t count : partials.counts) words += count;
  }
  std::int64_t words = 0;
};

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) try {
  using namespace millrace;
  if (argc != 2) return 64;
  std::vector<char> text = bench::read(argv[1]);
  const std::size_t size = text.size();
  text.resize(size + kSlackBytes);

  const auto begin = std::chrono::steady_clock::now();
  const auto backend = make_cpu_backend(Plan{}, {.threads = 1, .hash_seed = 1});
  const auto batches = bench::batches_of(std::span(text).first(size), backend->batch_bytes());
  bench::Total total;
  BatchLoop loop(*backend, batches, total);
  for (std::size_t i = 0; i < batches.size(); ++i) loop.submit();
  loop.settle();
  loop.collect();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%lld\n", static_cast<long long>(total.words));
  std::fprintf(stderr, "bench: whole=%.6f\n", took.count());
} catch (const std::exception& error) {
  std::fprintf(stderr, "bare_backend: %s\n", error.what());
  return 1;
}
