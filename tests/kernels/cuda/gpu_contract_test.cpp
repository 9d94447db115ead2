// The contract of backends, kept on a real device with tables and arenas of several sizes.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/kernels/backend_contract.h"
#include "tests/kernels/cuda/gpu_support.h"

namespace millrace {
namespace {

// One property of the contract makes a backend 1500 times: its memory is small, so that this takes no minutes.
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
INSTANTIATE_TEST_SUITE_P(Gpu, BackendContract,
                         ::testing::Values(BackendCase{"large_tables", make_tuned<64 << 10, 0, 0, 32>, 1},
                                           BackendCase{"tiny_tables", make_tuned<64 << 10, 4, 0, 32>, 1},
                                           BackendCase{"small_arena", make_tuned<256, 0, 0, 32>, 1},
                                           BackendCase{"few_sort_bits", make_tuned<4 << 10, 64, 3, 5>, 1}),
                         ::testing::PrintToStringParamName());

}  // namespace millrace
