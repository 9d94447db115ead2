// Backends fed from memory: kernels alone, with copies, call by call, and the CPU beside them.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "base/machine.h"
#include "bench/gpu/probe_devices.h"
#include "bench/gpu/sections.h"
#include "kernels/cuda/cuda_backend.h"

namespace millrace::bench {
namespace {

constexpr std::size_t kUsualBatch = 64 * kMiB;
constexpr std::uint64_t kBatchesMax = 8192;  // of small ones, so that no measurement takes seconds
constexpr std::uint64_t kSeed = 0x5eed;

std::string size_text(std::size_t bytes) {
  return bytes >= kMiB ? std::to_string(bytes / kMiB) + " MiB" : std::to_string(bytes / kKiB) + " KiB";
}

std::unique_ptr<cuda::CudaBackend> make_backend(std::shared_ptr<cuda::DeviceApi> device,
                                                std::size_t batch_bytes) {
  return cuda::make_cuda_backend(std::move(device), Plan{}, {.batch_bytes = batch_bytes, .hash_seed = kSeed},
                                 {});
}

double gigabytes_per_second(const Feeding& feeding) {
  return static_cast<double>(feeding.bytes) / feeding.seconds / 1e9;
}

std::vector<double> rates(const Bench& bench, Backend& backend, const Load& load, std::size_t batch_bytes) {
  const std::uint64_t bytes = std::min(bench.scale.stream_bytes, kBatchesMax * batch_bytes);
  feed(backend, load, bytes / 4);
  std::vector<double> samples;
  for (int i = 0; i < bench.scale.repeats; ++i)
    samples.push_back(gigabytes_per_second(feed(backend, load, bytes)));
  return samples;
}

// What the counters say of the whole life of a backend.
std::string described(const cuda::CudaCounters& counters) {
  const double spilled =
      static_cast<double>(counters.spilled) / static_cast<double>(std::max<std::uint64_t>(counters.tokens, 1));
  return shown(100 * (1 - spilled)) + " % of the words found a place in a block's table; " +
         std::to_string(counters.merges) + " merges, " + std::to_string(counters.refused) + " refused, " +
         std::to_string(counters.on_host) + " on the host, of " + std::to_string(counters.batches) + " batches";
}

}  // namespace

void measure_kernels(const Bench& bench) {
  for (const Text& text : bench.texts)
    for (const std::size_t batch_bytes : bench.scale.batch_bytes) {
      const auto device = std::make_shared<ResidentDevice>(bench.device);
      const auto backend = make_backend(device, batch_bytes);
      // The same batch each time, so that what is in the device's memory is what is given.
      Load load(*backend, std::string_view(text.bytes).substr(0, batch_bytes), batch_bytes);
      load.batches.resize(1);
      load.words.resize(1);
      feed(*backend, load, 8 * load.batches[0].bytes.size());
      device->keep_batches();
      bench.report.add({"Kernels alone", text.name + ", batches of " + size_text(batch_bytes), "GB/s",
                        rates(bench, *backend, load, batch_bytes), described(backend->counters())});
    }
}

void measure_from_memory(const Bench& bench) {
  for (const Text& text : bench.texts)
    for (const std::size_t batch_bytes : bench.scale.batch_bytes) {
      const auto backend = make_backend(bench.device, batch_bytes);
      const Load load(*backend, text.bytes, batch_bytes);
      bench.report.add({"From pinned memory", text.name + ", batches of " + size_text(batch_bytes), "GB/s",
                        rates(bench, *backend, load, batch_bytes), described(backend->counters())});
    }
}

void measure_stages(const Bench& bench) {
  const std::size_t batch_bytes = std::min(kUsualBatch, bench.scale.text_bytes);
  for (const Text& text : bench.texts) {
    const auto device = std::make_shared<TimedDevice>(bench.device);
    const auto backend = make_backend(device, batch_bytes);
    const Load load(*backend, text.bytes, batch_bytes);
    feed(*backend, load, bench.scale.text_bytes);
    device->totals.clear();
    feed(*backend, load, std::min<std::uint64_t>(bench.scale.stream_bytes, 16 * batch_bytes));
    for (const auto& [name, total] : device->totals)
      bench.report.add({"Stages, one after the other",
                        text.name + ", " + size_text(batch_bytes) + ": " + name,
                        "ms",
                        {1e3 * total.seconds / static_cast<double>(total.calls)},
                        "mean of " + std::to_string(total.calls) + " calls"});
  }
}

void measure_cpu(const Bench& bench) {
  for (const Text& text : bench.texts)
    for (const unsigned threads : {1U, usable_processors()}) {
      const auto backend = make_cpu_backend(Plan{}, {.threads = threads, .hash_seed = kSeed});
      const std::size_t batch_bytes = std::min(backend->batch_bytes(), text.bytes.size());
      const Load load(*backend, text.bytes, batch_bytes);
      const std::uint64_t bytes =
          std::min<std::uint64_t>(bench.scale.stream_bytes, text.bytes.size() * threads);
      std::vector<double> samples;
      for (int i = 0; i < bench.scale.repeats; ++i)
        samples.push_back(gigabytes_per_second(feed(*backend, load, bytes)));
      bench.report.add({"CPU from memory", text.name + ", " + std::to_string(threads) + " threads", "GB/s",
                        samples, "batches of " + size_text(batch_bytes)});
    }
}

void measure_distinct_words(const Bench& bench) {
  const auto measure = [&](Backend& backend, const std::string& who, const std::string& words,
                           const std::function<std::string()>& note) {
    const Load load(backend, words, std::min(backend.batch_bytes(), kUsualBatch));
    std::vector<double> rates;
    std::vector<double> collects;
    for (int i = 0; i < std::min(bench.scale.repeats, 3); ++i) {
      const Feeding feeding = feed(backend, load, words.size());
      rates.push_back(static_cast<double>(bench.scale.distinct_words) /
                      (feeding.seconds + feeding.collect_seconds) / 1e6);
      collects.push_back(feeding.collect_seconds);
    }
    bench.report.add({"Distinct words", who, "10⁶ words/s", rates, note()});
    bench.report.add({"Distinct words", who + ": the last collect", "s", collects, {}});
  };
  for (const unsigned letters : {7U, 12U}) {
    const std::string words = distinct_words(bench.scale.distinct_words, letters);
    const std::string what =
        std::to_string(bench.scale.distinct_words) + " words of " + std::to_string(letters) + " letters, ";
    {
      const auto backend = make_backend(bench.device, 0);
      measure(*backend, what + "GPU", words, [&] { return described(backend->counters()); });
    }
    const unsigned threads = usable_processors();
    const auto backend = make_cpu_backend(Plan{}, {.threads = threads, .hash_seed = kSeed});
    measure(*backend, what + "CPU", words, [&] { return std::to_string(threads) + " threads"; });
  }
}

}  // namespace millrace::bench
