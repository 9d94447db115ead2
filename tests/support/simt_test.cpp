// The SIMT shim: what threads do together, what it notices, and that its seed decides everything.
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/simt.h"

#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr unsigned kAll = 0xffffffffU;
constexpr unsigned kSeeds = 20;

/// What a launch says against its kernel; empty if nothing.
std::string complaint(unsigned grid, unsigned block, const std::function<void(unsigned char*)>& kernel) {
  try {
    simt::launch(grid, block, 1024, kernel);
  } catch (const simt::Divergence& divergence) {
    return divergence.what();
  }
  return {};
}

TEST(Simt, EveryThreadOfEveryBlockRunsOnce) {
  std::vector<int> runs(5 * 96);
  simt::launch(5, 96, 0, [&](unsigned char*) {
    EXPECT_EQ(gridDim.x, 5U);
    EXPECT_EQ(blockDim.x, 96U);
    ++runs[blockIdx.x * blockDim.x + threadIdx.x];
  });
  EXPECT_EQ(runs, std::vector<int>(5 * 96, 1));
}

TEST(Simt, ABlockMayHaveOneThread) {
  int runs = 0;
  simt::launch(1, 1, 0, [&](unsigned char*) {
    __syncthreads();
    ++runs;
  });
  EXPECT_EQ(runs, 1);
}

TEST(Simt, LanesAddUpWithShuffles) {
  std::vector<std::uint64_t> sums(128);
  simt::launch(1, 128, 0, [&](unsigned char*) {
    std::uint64_t sum = threadIdx.x + (std::uint64_t{1} << 40);
    for (unsigned distance = 1; distance < 32; distance *= 2) {
      const std::uint64_t before = __shfl_up_sync(kAll, sum, distance);
      if (threadIdx.x % 32 >= distance) sum += before;
    }
    sums[threadIdx.x] = __shfl_sync(kAll, sum, 31);
  });
  for (unsigned thread = 0; thread < 128; ++thread)
    EXPECT_EQ(sums[thread], 32 * (std::uint64_t{1} << 40) + 32 * (thread / 32 * 32) + 31 * 32 / 2);
}

TEST(Simt, ShufflesKeepTheTypeAndTheOwnValueWhereNoLaneIs) {
  simt::launch(1, 32, 0, [](unsigned char*) {
    const int up = __shfl_up_sync(kAll, -static_cast<int>(threadIdx.x), 3);
    EXPECT_EQ(up, threadIdx.x < 3 ? -static_cast<int>(threadIdx.x) : 3 - static_cast<int>(threadIdx.x));
    EXPECT_EQ(__shfl_sync(kAll, threadIdx.x * 0.5, 33), 0.5);
  });
}

TEST(Simt, BallotsSeeTheirOwnWarp) {
  simt::launch(2, 64, 0, [](unsigned char*) {
    const bool second = threadIdx.x >= 32;
    EXPECT_EQ(__ballot_sync(kAll, threadIdx.x % 2 == 1), 0xaaaaaaaaU);
    EXPECT_EQ(__ballot_sync(kAll, second && threadIdx.x % 32 == 31), second ? 0x80000000U : 0U);
    __syncwarp();
    EXPECT_EQ(__any_sync(kAll, threadIdx.x == 40), second ? 1 : 0);
  });
}

TEST(Simt, BitsAreCountedAsOnADevice) {
  EXPECT_EQ(__popc(0xf0f0f0f1U), 17);
  EXPECT_EQ(__ffs(0), 0);
  EXPECT_EQ(__ffs(8), 4);
  EXPECT_EQ(__ffsll(1LL << 40), 41);
}

/// Sums 1 for each thread over shared memory. Without `waits` it reads what others may not have written yet.
unsigned block_sum(std::uint64_t seed, bool waits) {
  unsigned result = 0;
  const auto kernel = [&](unsigned char* shared) {
    auto* numbers = reinterpret_cast<unsigned*>(shared);
    numbers[threadIdx.x] = 1;
    if (waits) __syncthreads();
    if (threadIdx.x != 0) return;
    unsigned sum = 0;
    for (unsigned i = 0; i < blockDim.x; ++i) sum += numbers[i];
    result = sum;
  };
  simt::launch(1, 256, 256 * sizeof(unsigned), kernel, {.seed = seed});
  return result;
}

TEST(Simt, ABlockAddsUpOverSharedMemory) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) EXPECT_EQ(block_sum(seed, true), 256U);
}

TEST(Simt, AForgottenSyncthreadsGivesAWrongSum) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) EXPECT_NE(block_sum(seed, false), 256U);
}

TEST(Simt, SharedMemoryIsNotZero) {
  unsigned zeros = 0;
  simt::launch(4, 32, 1001, [&](unsigned char* shared) {
    if (threadIdx.x != 0) return;
    for (unsigned i = 0; i < 1001; ++i) zeros += shared[i] == 0 ? 1 : 0;
    for (unsigned i = 0; i < 1001; ++i) shared[i] = 0;
  });
  EXPECT_LT(zeros, 200U);
}

TEST(Simt, AtomicsLoseNothing) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    unsigned sum = 0;
    unsigned bits = 0;
    unsigned long long wide = 0;
    unsigned long long largest = 0;
    long long low = 0;
    long long high = 0;
    const auto kernel = [&](unsigned char*) {
      const auto number = static_cast<long long>(blockIdx.x * blockDim.x + threadIdx.x);
      atomicAdd(&sum, 2U);
      atomicAdd(&wide, 1ULL << 33);
      atomicOr(&bits, 1U << threadIdx.x % 32);
      atomicMax(&largest, static_cast<unsigned long long>(number));
      atomicMin(&low, -number);
      atomicMax(&high, number);
    };
    simt::launch(3, 64, 0, kernel, {.seed = seed, .yields = 0.5, .blocks_at_once = 3});
    EXPECT_EQ(sum, 2U * 192);
    EXPECT_EQ(wide, 192ULL << 33);
    EXPECT_EQ(bits, kAll);
    EXPECT_EQ(largest, 191U);
    EXPECT_EQ(low, -191);
    EXPECT_EQ(high, 191);
  }
}

/// Adds in two steps, so that others may come between: wrong without a compare-and-swap.
unsigned long long add_in_steps(std::uint64_t seed, bool swaps) {
  unsigned long long sum = 0;
  const auto kernel = [&](unsigned char*) {
    unsigned long long before = __ldcg(&sum);
    while (true) {
      const unsigned long long seen = atomicCAS(&sum, swaps ? before : __ldcg(&sum), before + 1);
      if (!swaps || seen == before) return;
      before = seen;
    }
  };
  simt::launch(2, 128, 0, kernel, {.seed = seed});
  return sum;
}

TEST(Simt, OthersComeBetweenTwoSteps) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    EXPECT_EQ(add_in_steps(seed, true), 256U);
    EXPECT_LT(add_in_steps(seed, false), 256U);
  }
}

TEST(Simt, AThreadMayWaitForAnother) {
  unsigned flag = 0;
  const auto kernel = [&](unsigned char*) {
    if (threadIdx.x == 63) atomicAdd(&flag, 1U);
    while (__ldcg(&flag) == 0) {
    }
  };
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    flag = 0;
    simt::launch(1, 64, 0, kernel, {.seed = seed, .yields = 0});
  }
}

/// In which order threads and blocks pass a point, after they have met.
std::vector<unsigned> order(std::uint64_t seed) {
  std::vector<unsigned> passed;
  const auto kernel = [&](unsigned char*) {
    __syncthreads();
    passed.push_back(blockIdx.x * blockDim.x + threadIdx.x);
  };
  simt::launch(4, 32, 0, kernel, {.seed = seed});
  return passed;
}

TEST(Simt, TheSeedDecidesTheOrder) {
  std::set<std::vector<unsigned>> orders;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    orders.insert(order(seed));
    EXPECT_EQ(order(seed), order(seed));
  }
  EXPECT_EQ(orders.size(), kSeeds);
}

TEST(Simt, LanesAtDifferentPlacesAreNoticed) {
  const std::string said = complaint(2, 64, [](unsigned char*) {
    if (threadIdx.x == 37) {
      __syncwarp();
    } else {
      __ballot_sync(kAll, 1);
    }
  });
  EXPECT_THAT(said, AllOf(HasSubstr("__syncwarp"), HasSubstr("__ballot_sync"), HasSubstr("simt_test.cpp:")));
}

TEST(Simt, TheSameFunctionElsewhereIsAnotherPlace) {
  const auto lanes = [](unsigned char*) { threadIdx.x < 5 ? __syncwarp() : __syncwarp(); };
  EXPECT_THAT(complaint(1, 32, lanes), HasSubstr("other lanes of its warp are at __syncwarp"));
  const auto warps = [](unsigned char*) { threadIdx.x < 32 ? __syncthreads() : __syncthreads(); };
  EXPECT_THAT(complaint(1, 64, warps), HasSubstr("other threads of its block are at __syncthreads"));
}

TEST(Simt, AThreadThatReturnedIsMissed) {
  const std::string said = complaint(1, 64, [](unsigned char*) {
    if (threadIdx.x != 40) __syncthreads();
  });
  EXPECT_THAT(said,
              AllOf(HasSubstr("block 0 cannot go on"), HasSubstr("63 threads, the first being 0, at __sync"),
                    HasSubstr("1 threads, the first being 40, returned")));
  EXPECT_THAT(complaint(1, 64,
                        [](unsigned char*) {
                          if (threadIdx.x % 32 < 30) __syncwarp();
                        }),
              HasSubstr("60 threads, the first being 0, at __syncwarp"));
}

TEST(Simt, LanesAtABlocksBarrierAreMissedByTheirWarp) {
  const std::string said = complaint(1, 32, [](unsigned char*) {
    if (threadIdx.x == 3) __syncthreads();
    __syncwarp();
    if (threadIdx.x != 3) __syncthreads();
  });
  EXPECT_THAT(said, AllOf(HasSubstr("1 threads, the first being 3, at __syncthreads"),
                          HasSubstr("31 threads, the first being 0, at __syncwarp")));
}

TEST(Simt, WarpsOfSomeLanesAreRefused) {
  EXPECT_THAT(complaint(1, 32, [](unsigned char*) { __syncwarp(1); }), HasSubstr("only some lanes"));
  EXPECT_THAT(complaint(1, 33, [](unsigned char*) { __syncwarp(); }),
              HasSubstr("the first being 32, at __syncwarp"));
}

TEST(Simt, WhatAKernelThrowsComesOutAndAllItsThreadsAreUndone) {
  struct Counted {
    explicit Counted(int* count) : count_(count) { ++*count_; }
    ~Counted() { --*count_; }
    int* count_;
  };
  int alive = 0;
  const auto kernel = [&](unsigned char*) {
    const Counted counted(&alive);
    __syncthreads();
    if (threadIdx.x == 7) throw std::runtime_error("seven");
    __syncthreads();
  };
  EXPECT_THROW(simt::launch(3, 64, 0, kernel), std::runtime_error);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(block_sum(1, true), 256U);
}

}  // namespace
