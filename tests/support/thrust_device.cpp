// Thrust on its host back end: sort_by_key and reduce_by_key as the CUDA device calls them.
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/thrust_device.h"

#include <thrust/execution_policy.h>
#include <thrust/functional.h>
#include <thrust/iterator/permutation_iterator.h>
#include <thrust/reduce.h>
#include <thrust/sort.h>
#include <cuda/functional>

namespace millrace::cuda {
namespace {

template <class Value, class Operation>
std::uint32_t reduce_runs(const SortBuffers& sorted, std::uint32_t n, const Value* values, Value* out,
                          Operation operation) {
  const auto ends = thrust::reduce_by_key(thrust::host, sorted.keys, sorted.keys + n,
                                          thrust::make_permutation_iterator(values, sorted.numbers),
                                          sorted.other_keys, out, thrust::equal_to<std::uint64_t>{}, operation);
  return static_cast<std::uint32_t>(ends.first - sorted.other_keys);
}

}  // namespace

// Thrust has no sort by some of the bits, but a stable one by any order.
void ThrustDevice::sort_now(std::uint64_t* keys, std::uint32_t* numbers, std::uint32_t n, int end_bit) {
  if (end_bit == 64) {
    thrust::stable_sort_by_key(thrust::host, keys, keys + n, numbers);
    return;
  }
  const std::uint64_t mask = (std::uint64_t{1} << end_bit) - 1;
  thrust::stable_sort_by_key(thrust::host, keys, keys + n, numbers,
                             [mask](std::uint64_t a, std::uint64_t b) { return (a & mask) < (b & mask); });
}

std::uint32_t ThrustDevice::reduce_now(const SortBuffers& sorted, std::uint32_t n, const std::uint64_t* counts,
                                       std::uint64_t* counts_out) {
  return reduce_runs(sorted, n, counts, counts_out, ::cuda::std::plus<>{});
}

std::uint32_t ThrustDevice::reduce_now(const SortBuffers& sorted, std::uint32_t n, Combine combine,
                                       const std::int64_t* values, std::int64_t* values_out) {
  switch (combine) {
    case Combine::sum: return reduce_runs(sorted, n, values, values_out, ::cuda::std::plus<>{});
    case Combine::min: return reduce_runs(sorted, n, values, values_out, ::cuda::minimum<>{});
    case Combine::max: return reduce_runs(sorted, n, values, values_out, ::cuda::maximum<>{});
  }
  return 0;
}

}  // namespace millrace::cuda
