// What every device has to make of sort and reduce, whatever does it there.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cuda/device_api.h"
#include "kernels/reduce.h"

namespace millrace::cuda {

/// Entries with many equal keys, on a device, sorted and reduced there.
class SortContract {
 public:
  SortContract(DeviceApi& device, std::uint32_t n, std::uint64_t seed) : device_(device), n_(n), random_(seed) {
    for (std::uint32_t i = 0; i < n; ++i) {
      // Few keys, of which some agree in their low bits.
      keys_.push_back((random_() % 20 * 0x9e3779b97f4a7c15 & 0xffff) | (random_() % 3) << 60);
      counts_.push_back(random_());
      values_.push_back(static_cast<std::int64_t>(random_() % 2000) - 1000);
    }
    for (int i = 0; i < 2; ++i) {
      key_memory_[i] = take<std::uint64_t>();
      number_memory_[i] = take<std::uint32_t>();
      value_memory_[i] = take<std::uint64_t>();
    }
    runs_ = static_cast<std::uint32_t*>(take_bytes(sizeof(std::uint32_t)));
    scratch_.bytes = device_.scratch_bytes(n);
    scratch_.memory = take_bytes(scratch_.bytes);
  }
  ~SortContract() {
    for (void* memory : memory_) device_.free(memory);
  }
  SortContract(const SortContract&) = delete;
  SortContract& operator=(const SortContract&) = delete;

  void expect(int end_bit) {
    device_.copy_to_device(Stream::compute, key_memory_[0], keys_.data(), n_ * sizeof(std::uint64_t));
    device_.number_entries(number_memory_[0], n_);
    const SortBuffers sorted = device_.sort(
        {key_memory_[0], key_memory_[1], number_memory_[0], number_memory_[1]}, n_, end_bit, scratch_);
    expect_sorted(sorted, end_bit);
    send(counts_);
    device_.reduce_counts(sorted, n_, value_memory_[0], value_memory_[1], runs_, scratch_);
    expect_reduced(sorted, counts_, end_bit, [](std::uint64_t a, std::uint64_t b) { return a + b; });
    for (const Combine combine : {Combine::sum, Combine::min, Combine::max}) {
      send(values_);
      device_.reduce_values(sorted, n_, combine, reinterpret_cast<std::int64_t*>(value_memory_[0]),
                            reinterpret_cast<std::int64_t*>(value_memory_[1]), runs_, scratch_);
      expect_reduced(sorted, values_, end_bit,
                     [=](std::int64_t a, std::int64_t b) { return millrace::reduce(combine, a, b); });
    }
  }

 private:
  void* take_bytes(std::size_t bytes) { return memory_.emplace_back(device_.allocate(bytes)); }
  template <class T>
  T* take() {
    return static_cast<T*>(take_bytes(n_ * sizeof(T)));
  }
  template <class T>
  void send(const std::vector<T>& values) {
    device_.copy_to_device(Stream::compute, value_memory_[0], values.data(), n_ * sizeof(T));
  }
  template <class T, class From>
  std::vector<T> fetch(const From* from, std::size_t n) {
    std::vector<T> values(n);
    device_.copy_to_host(Stream::compute, values.data(), from, n * sizeof(T));
    device_.synchronize(Stream::compute);
    return values;
  }

  void expect_sorted(const SortBuffers& sorted, int end_bit) {
    const std::uint64_t mask = end_bit == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << end_bit) - 1;
    std::vector<std::uint32_t> numbers(n_);
    for (std::uint32_t i = 0; i < n_; ++i) numbers[i] = i;
    std::ranges::sort(numbers, [&](std::uint32_t a, std::uint32_t b) {
      return std::pair(keys_[a] & mask, a) < std::pair(keys_[b] & mask, b);
    });
    EXPECT_EQ(fetch<std::uint32_t>(sorted.numbers, n_), numbers);
    const auto keys = fetch<std::uint64_t>(sorted.keys, n_);
    for (std::uint32_t i = 0; i < n_; ++i) ASSERT_EQ(keys[i], keys_[numbers[i]]);
  }

  template <class T, class Reduce>
  void expect_reduced(const SortBuffers& sorted, const std::vector<T>& values, int end_bit, Reduce reduce) {
    const std::uint32_t runs = fetch<std::uint32_t>(runs_, 1).front();
    ASSERT_LE(runs, n_);
    const auto keys = fetch<std::uint64_t>(sorted.other_keys, runs);
    const auto results = fetch<T>(value_memory_[1], runs);
    EXPECT_EQ(std::ranges::adjacent_find(keys), keys.end()) << "a run was cut";
    std::map<std::uint64_t, T> expected;
    std::map<std::uint64_t, T> actual;
    const auto add = [&](auto& map, std::uint64_t key, T value) {
      const auto [place, is_new] = map.emplace(key, value);
      if (!is_new) place->second = reduce(place->second, value);
    };
    for (std::uint32_t i = 0; i < n_; ++i) add(expected, keys_[i], values[i]);
    for (std::uint32_t i = 0; i < runs; ++i) add(actual, keys[i], results[i]);
    EXPECT_EQ(actual, expected);
    EXPECT_TRUE(end_bit < 64 || runs == expected.size());
  }

  DeviceApi& device_;
  std::uint32_t n_;
  std::mt19937_64 random_;
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint64_t> counts_;
  std::vector<std::int64_t> values_;
  std::vector<void*> memory_;
  std::uint64_t* key_memory_[2] = {};
  std::uint32_t* number_memory_[2] = {};
  std::uint64_t* value_memory_[2] = {};
  std::uint32_t* runs_ = nullptr;
  Scratch scratch_;
};

template <class Device>
void expect_sorts_and_reduces() {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Device device({.seed = seed});
    for (const std::uint32_t n : {1U, 2U, 7U, 1000U})
      for (const int end_bit : {1, 8, 32, 63, 64}) SortContract(device, n, seed).expect(end_bit);
    EXPECT_EQ(device.blocks(), 0U);
    EXPECT_TRUE(device.problems().empty());
  }
}

}  // namespace millrace::cuda
