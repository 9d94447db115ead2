// The table of rates and what auto makes of it.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/devices_report.h"

#include <gtest/gtest.h>

namespace millrace::cli::devices_report_test {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

/// How the two compare with batches of these sizes.
BackendComparison with(std::size_t cpu_batch, std::size_t gpu_batch) {
  return compare({{kMiB / 16, 1.5e9, 0.25e9}, {kMiB, 2e9, 1.75e9}, {64 * kMiB, 1e9, 20e9}}, cpu_batch,
                 gpu_batch);
}

TEST(DevicesReport, HasARowForEachSize) {
  EXPECT_EQ(rates_table(with(kMiB, kMiB)),
            "               batches           cpu          cuda\n"
            "              64.0 KiB     1.50 GB/s     0.25 GB/s\n"
            "               1.0 MiB     2.00 GB/s     1.75 GB/s\n"
            "              64.0 MiB     1.00 GB/s    20.00 GB/s\n");
}

TEST(DevicesReport, AutoGoesOverWhereTheGpuIsFasterWithItsOwnBatches) {
  EXPECT_EQ(verdict(with(kMiB, 64 * kMiB), 8),
            "goes on with cuda after 1.0 GiB of input like this: cuda 20.00 GB/s with batches of 64.0 MiB, cpu "
            "2.00 GB/s with 1.0 MiB and 8 threads");
}

TEST(DevicesReport, AutoStaysWhereItGainsTooLittle) {
  EXPECT_EQ(
      verdict(with(kMiB, kMiB), 8),
      "stays on the cpu for input like this: cuda 1.75 GB/s with batches of 1.0 MiB, cpu 2.00 GB/s with 1.0 "
      "MiB and 8 threads");
  EXPECT_TRUE(verdict(compare({{kMiB, 2e9, 2.1e9}}, kMiB, kMiB), 1).starts_with("stays on the cpu"));
}

TEST(DevicesReport, SizesThatWereNotMeasuredTakeTheNextSmallerOne) {
  EXPECT_EQ(verdict(with(3 * kMiB, 128 * kMiB), 8), verdict(with(kMiB, 64 * kMiB), 8));
  EXPECT_EQ(verdict(with(1, 64 * kMiB), 8), verdict(with(kMiB / 16, 64 * kMiB), 8));
}

}  // namespace
}  // namespace millrace::cli::devices_report_test
