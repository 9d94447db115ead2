// The contract of backends, kept on a real device with tables and arenas of several sizes.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/kernels/backend_contract.h"
#include "tests/kernels/cuda/gpu_support.h"

namespace millrace::gpu_contract_test {
namespace {

constexpr int kCuttings = 300;  // a backend on a device takes some milliseconds to make

template <std::size_t arena_kib, std::uint32_t table_slots, int panes, int sort_bits>
std::unique_ptr<Backend> make_tuned(const Plan& plan, const BackendOptions& options) {
  BackendOptions small = options;
  if (small.batch_bytes == 0) small.batch_bytes = std::size_t{1} << 20;
  return make_gpu_backend(
      plan, small,
      {.arena_bytes = arena_kib << 10, .table_slots = table_slots, .panes = panes, .sort_bits = sort_bits});
}

}  // namespace

// Tables of all shared memory; tables that spill nearly every token; batches that are refused, or counted on
// the host; merges that leave equal keys apart, in several panes.
INSTANTIATE_TEST_SUITE_P(
    Gpu, BackendContract,
    ::testing::Values(BackendCase{"large_tables", make_tuned<64 << 10, 0, 0, 32>, 1, kCuttings},
                      BackendCase{"tiny_tables", make_tuned<64 << 10, 4, 0, 32>, 1, kCuttings},
                      BackendCase{"small_arena", make_tuned<256, 0, 0, 32>, 1, kCuttings},
                      BackendCase{"few_sort_bits", make_tuned<4 << 10, 64, 3, 5>, 1, kCuttings}),
    ::testing::PrintToStringParamName());

}  // namespace millrace::gpu_contract_test
