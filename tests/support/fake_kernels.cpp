// What the fake device computes: kernels as fibres, and plain loops for what is CUB's on a device.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>
#include <vector>

#include <millrace/error.h>

#include "tests/support/fake_device.h"
#include "tests/support/simt.h"
// After the names that kernels use.
#include "kernels/cuda/device/batch_epilogue.h"
#include "kernels/cuda/device/count_records.h"
#include "kernels/cuda/device/count_words.h"
#include "kernels/cuda/device/shared_layout.h"
#include "kernels/reduce.h"

namespace millrace::cuda {
namespace {

constexpr unsigned kStepThreads = 64;

/// One output for each run of equal keys.
template <class Value, class Reduce>
std::uint32_t reduce_runs(const SortBuffers& sorted, std::uint32_t n, const Value* values, Value* out,
                          Reduce reduce) {
  std::uint32_t runs = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    const Value value = values[sorted.numbers[i]];
    const bool goes_on = i > 0 && sorted.keys[i] == sorted.keys[i - 1];
    runs += goes_on ? 0 : 1;
    sorted.other_keys[runs - 1] = sorted.keys[i];
    out[runs - 1] = goes_on ? reduce(out[runs - 1], value) : value;
  }
  return runs;
}

}  // namespace

void FakeDevice::give_kernel(std::string_view name, unsigned grid, unsigned block, std::size_t shared_bytes,
                             std::function<void(unsigned char*)> kernel) {
  check(shared_bytes <= options_.shared_bytes, "a block takes no more shared memory than there is");
  check(grid > 0, "a launch has blocks");
  ++counters_.launches[std::string(name)];
  const simt::Schedule schedule{
      .seed = random_(), .yields = random_() % 2 == 0 ? 0.02 : 0.3, .blocks_at_once = options_.multiprocessors};
  streams_.give(Stream::compute,
                [=, kernel = std::move(kernel)] { simt::launch(grid, block, shared_bytes, kernel, schedule); });
}

void FakeDevice::mark_breaks(const DeviceBatch& batch) {
  const auto lock = begin_call();
  give_kernel("mark_breaks", any_blocks(), kStepThreads, 0,
              [batch](unsigned char*) { cuda::mark_breaks(batch); });
}

void FakeDevice::count_words(const CountJob& job, unsigned blocks) {
  const auto lock = begin_call();
  give_kernel("count_words", blocks, options_.block_threads,
              count_words_shared_bytes(options_.block_threads, job.table_slots),
              [job](unsigned char* shared) { cuda::count_words(job, shared); });
}

void FakeDevice::count_records(const CountJob& job, unsigned blocks) {
  const auto lock = begin_call();
  give_kernel("count_records", blocks, options_.block_threads,
              count_records_shared_bytes(options_.block_threads, job.table_slots, job.rule.columns),
              [job](unsigned char* shared) { cuda::count_records(job, shared); });
}

void FakeDevice::finish_batch(const CountJob& job, Verdict* verdict) {
  const auto lock = begin_call();
  check(pinned_.holds(verdict, sizeof *verdict), "a verdict goes to pinned memory");
  give_kernel("finish_batch", 1, 1, 0, [job, verdict](unsigned char*) { cuda::finish_batch(job, verdict); });
}

void FakeDevice::number_entries(std::uint32_t* numbers, std::uint32_t n) {
  const auto lock = begin_call();
  check(memory_.holds(numbers, n * sizeof *numbers), "numbers have room for all entries");
  give_kernel("number_entries", any_blocks(), kStepThreads, 0,
              [=](unsigned char*) { cuda::number_entries(numbers, n); });
}

void FakeDevice::unmix_keys(std::uint64_t* keys, std::uint32_t n) {
  const auto lock = begin_call();
  check(memory_.holds(keys, n * sizeof *keys), "there are as many keys as entries");
  give_kernel("unmix_keys", any_blocks(), kStepThreads, 0, [=](unsigned char*) { cuda::unmix_keys(keys, n); });
}

std::size_t FakeDevice::scratch_bytes(std::uint32_t entries_max) {
  const auto lock = begin_call();
  return 1000 + entries_max / 8;
}

/// Sort and reduce leave something behind in their scratch memory.
void FakeDevice::use_scratch(std::uint32_t n, Scratch scratch) {
  check(scratch.bytes >= 1000 + n / 8, "there is scratch memory for all entries");
  check(memory_.holds(scratch.memory, scratch.bytes), "scratch memory is one block of the device's");
  streams_.give(Stream::compute,
                [this, scratch] { fill_with_garbage(scratch.memory, scratch.bytes, random_); });
}

void FakeDevice::check_sorted(const SortBuffers& buffers, std::uint32_t n) const {
  check(memory_.holds(buffers.keys, n * sizeof *buffers.keys) &&
            memory_.holds(buffers.other_keys, n * sizeof *buffers.keys) &&
            memory_.holds(buffers.numbers, n * sizeof *buffers.numbers) &&
            memory_.holds(buffers.other_numbers, n * sizeof *buffers.numbers),
        "all buffers of a sort have room for all entries");
}

SortBuffers FakeDevice::sort(SortBuffers buffers, std::uint32_t n, int end_bit, Scratch scratch) {
  const auto lock = begin_call();
  ++counters_.sorts;
  check_sorted(buffers, n);
  check(end_bit > 0 && end_bit <= 64, "a sort is by 1 to 64 bits");
  use_scratch(n, scratch);
  SortBuffers result = buffers;
  if (random_() % 2 == 0) {
    std::swap(result.keys, result.other_keys);
    std::swap(result.numbers, result.other_numbers);
  }
  streams_.give(Stream::compute, [this, buffers, n, end_bit, result] {
    sort_now(buffers.keys, buffers.numbers, n, end_bit);
    std::memmove(result.keys, buffers.keys, n * sizeof *result.keys);
    std::memmove(result.numbers, buffers.numbers, n * sizeof *result.numbers);
    fill_with_garbage(result.other_keys, n * sizeof *result.keys, random_);
    fill_with_garbage(result.other_numbers, n * sizeof *result.numbers, random_);
  });
  return result;
}

void FakeDevice::reduce_counts(const SortBuffers& sorted, std::uint32_t n, const std::uint64_t* counts,
                               std::uint64_t* counts_out, std::uint32_t* runs, Scratch scratch) {
  const auto lock = begin_call();
  ++counters_.reductions;
  check_sorted(sorted, n);
  check(counts != counts_out, "a reduction does not work in place");
  check(memory_.holds(counts_out, n * sizeof *counts_out), "there is room for as many sums as entries");
  use_scratch(n, scratch);
  streams_.give(Stream::compute, [=, this] { *runs = reduce_now(sorted, n, counts, counts_out); });
}

void FakeDevice::reduce_values(const SortBuffers& sorted, std::uint32_t n, Combine combine,
                               const std::int64_t* values, std::int64_t* values_out, std::uint32_t* runs,
                               Scratch scratch) {
  const auto lock = begin_call();
  ++counters_.reductions;
  check_sorted(sorted, n);
  check(values != values_out, "a reduction does not work in place");
  check(memory_.holds(values_out, n * sizeof *values_out), "there is room for as many values as entries");
  use_scratch(n, scratch);
  streams_.give(Stream::compute, [=, this] { *runs = reduce_now(sorted, n, combine, values, values_out); });
}

// As a radix sort does it: stable, and blind to the higher bits.
void FakeDevice::sort_now(std::uint64_t* keys, std::uint32_t* numbers, std::uint32_t n, int end_bit) {
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - end_bit);
  std::vector<std::pair<std::uint64_t, std::uint32_t>> pairs(n);
  for (std::uint32_t i = 0; i < n; ++i) pairs[i] = {keys[i], numbers[i]};
  std::ranges::stable_sort(pairs, {}, [mask](const auto& pair) { return pair.first & mask; });
  for (std::uint32_t i = 0; i < n; ++i) std::tie(keys[i], numbers[i]) = pairs[i];
}

std::uint32_t FakeDevice::reduce_now(const SortBuffers& sorted, std::uint32_t n, const std::uint64_t* counts,
                                     std::uint64_t* counts_out) {
  return reduce_runs(sorted, n, counts, counts_out, [](std::uint64_t a, std::uint64_t b) { return a + b; });
}

// Sums of batches that were counted fit; reduce() of those that were not is never asked for.
std::uint32_t FakeDevice::reduce_now(const SortBuffers& sorted, std::uint32_t n, Combine combine,
                                     const std::int64_t* values, std::int64_t* values_out) {
  return reduce_runs(sorted, n, values, values_out,
                     [combine](std::int64_t a, std::int64_t b) { return millrace::reduce(combine, a, b); });
}

}  // namespace millrace::cuda
