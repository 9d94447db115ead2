// The fake device: it does what is asked in every order that is allowed, and notices what is not.
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_device.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <millrace/error.h>

#include "kernels/key.h"
#include "tests/support/sort_contract.h"

namespace millrace::cuda::fake_device_test {
namespace {

constexpr std::uint64_t kSeeds = 60;

template <class T>
T* take(FakeDevice& device, std::size_t n) {
  return static_cast<T*>(device.allocate(n * sizeof(T)));
}

/// What a device makes of `text` that is copied there and back, through pinned memory or not.
std::string there_and_back(FakeDevice& device, std::string text) {
  void* memory = device.allocate(text.size());
  std::string back(text.size(), '\0');
  device.copy_to_device(Stream::copy, memory, text.data(), text.size());
  std::ranges::fill(text, 'x');  // pageable memory has been read by now
  device.copy_to_host(Stream::copy, back.data(), memory, back.size());
  device.free(memory);
  return back;
}

TEST(FakeDevice, CopiesThereAndBack) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    FakeDevice device({.seed = seed});
    EXPECT_EQ(there_and_back(device, "a text"), "a text");
    EXPECT_EQ(device.counters().bytes_to_device, 6U);
    EXPECT_EQ(device.counters().bytes_to_host, 6U);
  }
}

TEST(FakeDevice, MemoryIsLimitedAlignedAndFullOfGarbage) {
  FakeDevice device({.memory = 10000, .pinned_memory = 100});
  EXPECT_EQ(device.facts().memory_free, 10000U);
  auto* memory = take<unsigned char>(device, 9000);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 256, 0U);
  EXPECT_EQ(std::count(memory, memory + 9000, 0), 0);
  EXPECT_EQ(device.allocate(1001), nullptr);
  EXPECT_EQ(device.allocate_pinned(101), nullptr);
  EXPECT_EQ(device.facts().memory_free, 1000U);
  EXPECT_EQ(device.blocks(), 1U);
  device.free(memory);
  EXPECT_EQ(device.blocks(), 0U);
  EXPECT_THAT(device.problems(), ::testing::IsEmpty());
}

TEST(FakeDevice, WhatWasNotAllocatedIsNotFreed) {
  FakeDevice device;
  void* memory = device.allocate(1);
  device.free_pinned(memory);
  device.free(memory);
  device.free(memory);
  EXPECT_EQ(device.problems().size(), 2U);
}

TEST(FakeDevice, CopiesStayInOneBlock) {
  FakeDevice device;
  void* memory = device.allocate(8);
  auto* pinned = static_cast<char*>(device.allocate_pinned(8));
  char text[16] = {};
  EXPECT_THROW(device.copy_to_device(Stream::copy, memory, text, 9), InternalError);
  EXPECT_THROW(device.copy_to_device(Stream::copy, memory, pinned + 4, 5), InternalError);
  EXPECT_THROW(device.copy_to_device(Stream::copy, text, pinned, 8), InternalError);
  EXPECT_THROW(device.copy_to_host(Stream::copy, pinned + 1, memory, 8), InternalError);
  EXPECT_THROW(device.fill_with_zeros(Stream::copy, static_cast<char*>(memory) + 4, 5), InternalError);
  device.free(memory);
  device.free_pinned(pinned);
}

/// Copies a number to the device on one stream and back on the other.
int between_streams(std::uint64_t seed, bool waits) {
  FakeDevice device({.seed = seed});
  auto* memory = take<int>(device, 1);
  const int number = 7;
  int result = 0;
  const Event copied = device.make_event();
  device.copy_to_device(Stream::copy, memory, &number, sizeof number);
  device.record(copied, Stream::copy);
  if (waits) device.wait(Stream::compute, copied);
  device.copy_to_host(Stream::compute, &result, memory, sizeof result);
  device.free(memory);
  return result;
}

TEST(FakeDevice, StreamsWaitForEventsAndForNothingElse) {
  unsigned wrong = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    EXPECT_EQ(between_streams(seed, true), 7);
    if (between_streams(seed, false) != 7) ++wrong;
  }
  EXPECT_GT(wrong, kSeeds / 10);
  EXPECT_LT(wrong, kSeeds);
}

/// Uses a pinned buffer again for the next number; returns what the device got to see as the first.
int used_again(std::uint64_t seed, bool waits) {
  FakeDevice device({.seed = seed});
  auto* memory = take<int>(device, 1);
  auto* pinned = static_cast<int*>(device.allocate_pinned(sizeof(int)));
  const Event copied = device.make_event();
  *pinned = 1;
  device.copy_to_device(Stream::copy, memory, pinned, sizeof(int));
  device.record(copied, Stream::copy);
  if (waits) device.synchronize(copied);
  *pinned = 2;
  int result = 0;
  device.copy_to_host(Stream::copy, &result, memory, sizeof result);
  device.free(memory);
  device.free_pinned(pinned);
  return result;
}

TEST(FakeDevice, APinnedBufferIsReadLate) {
  std::set<int> hasty;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    EXPECT_EQ(used_again(seed, true), 1);
    hasty.insert(used_again(seed, false));
  }
  EXPECT_EQ(hasty, (std::set{1, 2}));
}

TEST(FakeDevice, APinnedBufferIsWrittenLate) {
  std::set<int> seen;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    FakeDevice device({.seed = seed});
    auto* memory = take<int>(device, 1);
    auto* pinned = static_cast<int*>(device.allocate_pinned(sizeof(int)));
    *pinned = 1;
    device.fill_with_zeros(Stream::compute, memory, sizeof(int));
    device.copy_to_host(Stream::compute, pinned, memory, sizeof(int));
    device.facts();
    seen.insert(*pinned);
    device.synchronize(Stream::compute);
    EXPECT_EQ(*pinned, 0);
    device.free(memory);
    device.free_pinned(pinned);
  }
  EXPECT_EQ(seen, (std::set{0, 1}));
}

TEST(FakeDevice, PollingComesToAnEnd) {
  std::set<unsigned> polls;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    FakeDevice device({.seed = seed});
    const Event event = device.make_event();
    EXPECT_TRUE(device.is_done(event));
    device.record(event, Stream::compute);
    unsigned asked = 1;
    while (!device.is_done(event)) ++asked;
    polls.insert(asked);
  }
  EXPECT_GT(polls.size(), 3U);
}

TEST(FakeDevice, AWaitIsForTheRecordThatWasMadeBefore) {
  FakeDevice device;
  const Event event = device.make_event();
  device.wait(Stream::copy, event);
  device.record(event, Stream::compute);
  device.wait(Stream::copy, event);
  device.record(event, Stream::copy);  // else this one would wait for itself
  device.synchronize(event);
  EXPECT_TRUE(device.is_done(event));
}

TEST(FakeDevice, FailsFromACallOnButForFreeing) {
  for (std::size_t call = 0; call < 6; ++call) {
    FakeDevice device({.seed = call});
    device.fail_at(call);
    void* memory = nullptr;
    std::size_t made = 0;
    try {
      memory = device.allocate(4);
      ++made;
      const Event event = device.make_event();
      ++made;
      device.fill_with_zeros(Stream::compute, memory, 4);
      ++made;
      device.record(event, Stream::compute);
      ++made;
      device.is_done(event);
      ++made;
      device.synchronize(event);
      ++made;
      FAIL() << "no failure";
    } catch (const DeviceError& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("cudaErrorLaunchFailure"));
    }
    EXPECT_EQ(made, call);
    EXPECT_THROW(device.facts(), DeviceError);
    device.free(memory);
    EXPECT_EQ(device.blocks(), 0U);
    EXPECT_EQ(device.counters().calls, call + 2);
  }
}

TEST(FakeDevice, NumbersAndUnmixesEntries) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    FakeDevice device({.seed = seed});
    constexpr std::uint32_t kEntries = 1000;
    auto* numbers = take<std::uint32_t>(device, kEntries);
    auto* keys = take<std::uint64_t>(device, kEntries);
    std::vector<std::uint64_t> mixed(kEntries);
    for (std::uint32_t i = 0; i < kEntries; ++i) mixed[i] = mix(i);
    device.copy_to_device(Stream::compute, keys, mixed.data(), kEntries * sizeof(std::uint64_t));
    device.number_entries(numbers, kEntries);
    device.unmix_keys(keys, kEntries);
    device.synchronize(Stream::compute);
    for (std::uint32_t i = 0; i < kEntries; ++i) ASSERT_TRUE(numbers[i] == i && keys[i] == i) << i;
    EXPECT_EQ(device.counters().launches.at("unmix_keys"), 1U);
    device.free(numbers);
    device.free(keys);
  }
}

TEST(FakeDevice, SortsAndReduces) {
  expect_sorts_and_reduces<FakeDevice>();
}

}  // namespace
}  // namespace millrace::cuda::fake_device_test
