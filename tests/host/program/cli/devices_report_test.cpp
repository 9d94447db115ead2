// The table of rates and what auto makes of it.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/devices_report.h"

#include <array>

#include <gtest/gtest.h>

namespace millrace::cli {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::array kRates = {Rates{kMiB / 16, 1.5e9, 0.25e9}, Rates{kMiB, 2e9, 1.75e9},
                               Rates{64 * kMiB, 1e9, 20e9}};

TEST(CrossoverText, HasARowForEachSize) {
  EXPECT_EQ(crossover_table(kRates),
            "               batches           cpu          cuda\n"
            "              64.0 KiB     1.50 GB/s     0.25 GB/s\n"
            "               1.0 MiB     2.00 GB/s     1.75 GB/s\n"
            "              64.0 MiB     1.00 GB/s    20.00 GB/s\n");
}

TEST(CrossoverText, AutoGoesOverWhereTheGpuIsFasterWithItsOwnBatches) {
  EXPECT_EQ(crossover_verdict(kRates, kMiB, 64 * kMiB, 8),
            "goes on with cuda after 1.0 GiB of input like this: cuda 20.00 GB/s with batches of 64.0 MiB, cpu "
            "2.00 GB/s with 1.0 MiB and 8 threads");
}

TEST(CrossoverText, AutoStaysWhereItGainsTooLittle) {
  EXPECT_EQ(
      crossover_verdict(kRates, kMiB, kMiB, 8),
      "stays on the cpu for input like this: cuda 1.75 GB/s with batches of 1.0 MiB, cpu 2.00 GB/s with 1.0 "
      "MiB and 8 threads");
  const std::array equal = {Rates{kMiB, 2e9, 2.1e9}};
  EXPECT_TRUE(crossover_verdict(equal, kMiB, kMiB, 1).starts_with("stays on the cpu"));
}

TEST(CrossoverText, SizesThatWereNotMeasuredTakeTheNextSmallerOne) {
  EXPECT_EQ(crossover_verdict(kRates, 3 * kMiB, 128 * kMiB, 8), crossover_verdict(kRates, kMiB, 64 * kMiB, 8));
  EXPECT_EQ(crossover_verdict(kRates, 1, 64 * kMiB, 8), crossover_verdict(kRates, kMiB / 16, 64 * kMiB, 8));
}

}  // namespace
}  // namespace millrace::cli
