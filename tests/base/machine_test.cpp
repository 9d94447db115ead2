// Limits of processors and memory, read from made-up cgroup trees.
// SPDX-License-Identifier: Apache-2.0
#include "base/machine.h"

#include <gtest/gtest.h>

#include <millrace/error.h>

#include <sched.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

namespace millrace::machine_test {
namespace {

namespace fs = std::filesystem;

class CpusTest : public ::testing::Test {
 protected:
  CpusTest() : root_(fs::path(::testing::TempDir()) / ("cgroups_" + std::to_string(getpid()))) {
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  ~CpusTest() override { fs::remove_all(root_); }

  void put(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  CgroupLimits limits() const { return cgroup_limits(root_); }

 private:
  fs::path root_;
};

TEST_F(CpusTest, NoFilesMeanNoLimits) {
  EXPECT_FALSE(limits().processors);
  EXPECT_FALSE(limits().memory);
}

TEST_F(CpusTest, VersionTwoTakesTheTightestLevel) {
  put("proc/self/cgroup", "0::/system/job\n");
  put("sys/fs/cgroup/system/cpu.max", "150000 100000\n");
  put("sys/fs/cgroup/system/job/cpu.max", "400000 100000\n");
  put("sys/fs/cgroup/system/memory.max", "max\n");
  put("sys/fs/cgroup/system/job/memory.max", "268435456\n");
  EXPECT_DOUBLE_EQ(limits().processors.value(), 1.5);
  EXPECT_EQ(limits().memory.value(), 268435456U);
}

TEST_F(CpusTest, MaxIsNoLimit) {
  put("proc/self/cgroup", "0::/\n");
  put("sys/fs/cgroup/cpu.max", "max 100000\n");
  put("sys/fs/cgroup/memory.max", "max\n");
  EXPECT_FALSE(limits().processors);
  EXPECT_FALSE(limits().memory);
}

TEST_F(CpusTest, VersionOneReadsEachController) {
  put("proc/self/cgroup", "12:memory:/docker/a\n4:cpu,cpuacct:/docker/a\n1:name=systemd:/x\n");
  // As in a container: the path is not there, the mount holds the container's own files.
  put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
  EXPECT_DOUBLE_EQ(limits().processors.value(), 0.5);
  EXPECT_EQ(limits().memory.value(), 1073741824U);
}

TEST_F(CpusTest, VersionOneTakesTheTightestLevelOfMemory) {
  put("proc/self/cgroup", "12:memory:/a/b\n");
  put("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "536870912\n");
  put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "268435456\n");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(limits().memory.value(), 268435456U);
}

TEST_F(CpusTest, AControllerMayStandAnywhereInItsList) {
  put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  for (const char* list : {"cpu", "cpu,cpuacct", "cpuacct,cpu", "cpuset,cpu,cpuacct"}) {
    put("proc/self/cgroup", "4:" + std::string(list) + ":/a\n");
    EXPECT_TRUE(limits().processors) << list;
  }
  for (const char* list : {"", "cpuset", "cpuacct,cpuset", "xcpu", "cpux,name=cpu"}) {
    put("proc/self/cgroup", "4:" + std::string(list) + ":/a\n");
    EXPECT_FALSE(limits().processors) << list;
  }
}

TEST_F(CpusTest, VersionOneQuotaOfMinusOneIsNoLimit) {
  put("proc/self/cgroup", "4:cpuset:/\n5:cpu:/\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_FALSE(limits().processors);
}

// Lines of a version or a kind that is not known say nothing of the others.
TEST_F(CpusTest, LinesThatSayNothingArePassedOver) {
  put("proc/self/cgroup", "nonsense\n7:alone\n\n5:cpu:/\n0::/job\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  put("sys/fs/cgroup/job/memory.max", "268435456\n");
  EXPECT_DOUBLE_EQ(limits().processors.value(), 2.5);
  EXPECT_EQ(limits().memory.value(), 268435456U);
}

TEST_F(CpusTest, AQuotaWithoutAPeriodIsNoLimit) {
  put("proc/self/cgroup", "5:cpu:/\n0::/\n");
  put("sys/fs/cgroup/cpu.max", "100000 0\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "0\n");
  EXPECT_FALSE(limits().processors);
}

TEST_F(CpusTest, VersionOneTakesTheTightestLevelOfProcessors) {
  put("proc/self/cgroup", "5:cpu:/a/b\n");
  for (const auto& [level, quota] : {std::pair("a/b/", "400000"), {"a/", "150000"}, {"", "300000"}}) {
    put(std::string("sys/fs/cgroup/cpu/") + level + "cpu.cfs_quota_us", quota);
    put(std::string("sys/fs/cgroup/cpu/") + level + "cpu.cfs_period_us", "100000");
  }
  EXPECT_DOUBLE_EQ(limits().processors.value(), 1.5);
}

TEST(Cpus, ObeyTheAffinityMask) {
  unsigned seen = 0;
  std::thread([&] {
    cpu_set_t one;
    ASSERT_EQ(sched_getaffinity(0, sizeof one, &one), 0);
    int first = 0;
    while (!CPU_ISSET(static_cast<std::size_t>(first), &one)) ++first;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(first), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    seen = usable_processors();
  }).join();
  EXPECT_EQ(seen, 1U);
}

TEST(Cpus, ABudgetThatTheCgroupWouldNotHoldIsRefused) {
  constexpr std::size_t kMib = std::size_t{1} << 20;
  const CgroupLimits limits{.processors = {}, .memory = 512 * kMib};
  EXPECT_NO_THROW(check_memory(448 * kMib, limits));
  EXPECT_NO_THROW(check_memory(1024 * kMib, CgroupLimits{}));
  for (const std::size_t memory : {448 * kMib + 1, 512 * kMib, 600 * kMib, SIZE_MAX}) {
    try {
      check_memory(memory, limits);
      ADD_FAILURE() << memory;
    } catch (const LimitError& error) {
      EXPECT_EQ(error.exit_code(), 75);
      EXPECT_NE(std::string(error.what()).find("512MiB"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("--memory 256MiB"), std::string::npos);
    }
  }
}

// The advice is a budget that would be taken, or none.
TEST(Cpus, WhereNoBudgetFitsTheAdviceIsToNameNone) {
  constexpr std::size_t kMib = std::size_t{1} << 20;
  const auto refusal = [](std::size_t memory, std::size_t limit) {
    try {
      check_memory(memory, {.processors = {}, .memory = limit});
    } catch (const LimitError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  EXPECT_EQ(
      refusal(100 * kMib, 80 * kMib),
      "the control group (cgroup) of this process allows 80MiB, which does not hold a memory budget of 100MiB "
      "and the 64MiB that the program may need beside it: leave --memory out, or raise the limit");
  for (std::size_t limit = 64 * kMib; limit < 200 * kMib; limit += kMib) {
    const std::string told = refusal(limit, limit);
    const std::size_t advice = told.find("try --memory ");
    if (advice == std::string::npos) {
      EXPECT_LT(limit, 86 * kMib) << told;
    } else {
      const std::size_t advised = std::stoul(told.substr(advice + 13)) * kMib;
      EXPECT_EQ(refusal(advised, limit), "none") << told;
    }
  }
}

TEST(Cpus, TheDefaultBudgetLeavesRoomForTheProgram) {
  constexpr std::size_t kMib = std::size_t{1} << 20;
  for (std::size_t usable = 90 * kMib; usable < 400 * kMib; usable += kMib) {
    EXPECT_LE(default_memory(usable) + kBesideBudget, usable);
    EXPECT_GE(default_memory(usable), usable / 4);
  }
  EXPECT_EQ(default_memory(1000 * kMib), 500 * kMib);
  EXPECT_EQ(default_memory(40 * kMib), 10 * kMib);
}

TEST(Cpus, ThisMachineHasSome) {
  EXPECT_GE(usable_processors(), 1U);
  EXPECT_LE(usable_processors(), affinity_processors());
  EXPECT_GT(usable_memory(), std::size_t{1} << 20);
}

}  // namespace
}  // namespace millrace::machine_test
