// What the machine can do at best, measured through the calls that the backend makes.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "bench/gpu/device_copy.h"
#include "bench/gpu/sections.h"
#include "kernels/cuda/buffer.h"

namespace millrace::bench {
namespace {

using cuda::DeviceBuffer;
using cuda::PinnedBuffer;
using cuda::Stream;

constexpr const char* kCopies = "Ceilings: copies";
constexpr const char* kAlgorithms = "Ceilings: sort and reduce";

std::string in_kib(std::size_t bytes) {
  return bytes >= kMiB ? std::to_string(bytes / kMiB) + " MiB" : std::to_string(bytes / kKiB) + " KiB";
}

DeviceBuffer device_memory(cuda::DeviceApi& device, std::size_t bytes) {
  DeviceBuffer buffer(device, bytes);
  if (!buffer) throw UnavailableError("the device has not " + in_kib(bytes) + " left");
  return buffer;
}

/// One measurement that does not count, then as many as are asked for.
std::vector<double> measured(int repeats, const std::function<double()>& measure) {
  measure();
  std::vector<double> samples;
  for (int i = 0; i < repeats; ++i) samples.push_back(measure());
  return samples;
}

void measure_copies(const Bench& bench, std::size_t bytes) {
  cuda::DeviceApi& device = *bench.device;
  const DeviceBuffer there = device_memory(device, bytes);
  const DeviceBuffer also_there = device_memory(device, bytes);
  const PinnedBuffer here(device, bytes, unlimited_budget());
  const PinnedBuffer also_here(device, bytes, unlimited_budget());
  std::fill_n(here.as<char>(), bytes, 'a');
  std::fill_n(also_here.as<char>(), bytes, 'b');
  const int times = static_cast<int>(std::clamp<std::size_t>(512 * kMiB / bytes, 1, 1000));
  const auto rate = [&](bool to_device, bool to_host) {
    return measured(bench.scale.repeats, [&] {
      const Time begin = now();
      for (int i = 0; i < times; ++i) {
        if (to_device) device.copy_to_device(Stream::copy, there.as<void>(), here.as<void>(), bytes);
        if (to_host) device.copy_to_host(Stream::compute, also_here.as<void>(), also_there.as<void>(), bytes);
      }
      device.synchronize(Stream::copy);
      device.synchronize(Stream::compute);
      return static_cast<double>(bytes) * times / seconds_since(begin) / 1e9;
    });
  };
  const std::string size = in_kib(bytes);
  bench.report.add({kCopies, "to the device, " + size, "GB/s", rate(true, false), "pinned memory"});
  bench.report.add({kCopies, "to the host, " + size, "GB/s", rate(false, true), "pinned memory"});
  bench.report.add({kCopies, "both at a time, " + size, "GB/s", rate(true, true), "in each direction"});
  const auto in_device = measured(bench.scale.repeats, [&] {
    const double seconds = seconds_of_device_copies(there.as<void>(), also_there.as<void>(), bytes, times);
    return 2 * static_cast<double>(bytes) * times / seconds / 1e9;
  });
  bench.report.add({kCopies, "inside the device, " + size, "GB/s", in_device, "read and written bytes"});
}

/// Columns of entries as a pane has them, filled from the host with random keys.
class Entries {
 public:
  Entries(cuda::DeviceApi& device, std::uint32_t n)
      : device_(device),
        n_(n),
        keys_{device_memory(device, n * sizeof(std::uint64_t)),
              device_memory(device, n * sizeof(std::uint64_t))},
        numbers_{device_memory(device, n * sizeof(std::uint32_t)),
                 device_memory(device, n * sizeof(std::uint32_t))},
        counts_{device_memory(device, n * sizeof(std::uint64_t)),
                device_memory(device, n * sizeof(std::uint64_t))},
        runs_(device_memory(device, sizeof(std::uint32_t))),
        scratch_(device_memory(device, device.scratch_bytes(n))),
        random_(device, n * sizeof(std::uint64_t), unlimited_budget()) {
    std::mt19937_64 random(n);
    // Every key four times, more or less.
    std::generate_n(random_.as<std::uint64_t>(), n,
                    [&] { return (random() % (n / 4 + 1)) * 0x9e3779b97f4a7c15U; });
    device_.fill_with_zeros(Stream::compute, counts_[0].as<void>(), n * sizeof(std::uint64_t));
  }

  /// Seconds for sorting by so many bits; the keys are random again before it.
  double sort(int bits) {
    device_.copy_to_device(Stream::compute, keys_[0].as<void>(), random_.as<void>(),
                           n_ * sizeof(std::uint64_t));
    device_.number_entries(numbers_[0].as<std::uint32_t>(), n_);
    device_.synchronize(Stream::compute);
    const Time begin = now();
    sorted_ = device_.sort({keys_[0].as<std::uint64_t>(), keys_[1].as<std::uint64_t>(),
                            numbers_[0].as<std::uint32_t>(), numbers_[1].as<std::uint32_t>()},
                           n_, bits, scratch());
    device_.synchronize(Stream::compute);
    return seconds_since(begin);
  }
  /// Seconds for adding up the counts of what was sorted last.
  double reduce() {
    const Time begin = now();
    device_.reduce_counts(sorted_, n_, counts_[0].as<std::uint64_t>(), counts_[1].as<std::uint64_t>(),
                          runs_.as<std::uint32_t>(), scratch());
    device_.synchronize(Stream::compute);
    return seconds_since(begin);
  }

 private:
  cuda::Scratch scratch() const { return {scratch_.as<void>(), scratch_.bytes()}; }

  cuda::DeviceApi& device_;
  std::uint32_t n_;
  DeviceBuffer keys_[2];
  DeviceBuffer numbers_[2];
  DeviceBuffer counts_[2];
  DeviceBuffer runs_;
  DeviceBuffer scratch_;
  PinnedBuffer random_;
  cuda::SortBuffers sorted_;
};

void measure_algorithms(const Bench& bench, std::size_t n) {
  Entries entries(*bench.device, static_cast<std::uint32_t>(n));
  const auto rate = [&](const std::function<double()>& seconds) {
    return measured(bench.scale.repeats, [&] { return static_cast<double>(n) / seconds() / 1e9; });
  };
  const std::string size = std::to_string(n) + " entries";
  for (const int bits : {64, 32})
    bench.report.add({kAlgorithms, "SortPairs by " + std::to_string(bits) + " bits, " + size, "10⁹ pairs/s",
                      rate([&] { return entries.sort(bits); }),
                      "64-bit keys, 32-bit values; the wait included"});
  entries.sort(64);
  bench.report.add({kAlgorithms, "ReduceByKey, " + size, "10⁹ entries/s",
                    rate([&] { return entries.reduce(); }),
                    "counts are read through their numbers, in no order"});
}

}  // namespace

void measure_ceilings(const Bench& bench) {
  for (const std::size_t bytes : bench.scale.copy_bytes) measure_copies(bench, bytes);
  for (const std::size_t n : bench.scale.sort_entries) measure_algorithms(bench, n);
}

}  // namespace millrace::bench
