// The parts of the benchmark. Each adds its rows to the report; each may throw any Error.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "bench/gpu/report.h"
#include "bench/gpu/scale.h"
#include "bench/gpu/workload.h"
#include "kernels/cuda/device_api.h"

namespace millrace::bench {

/// What all parts have in common.
struct Bench {
  std::shared_ptr<cuda::DeviceApi> device;
  Scale scale;
  std::filesystem::path scratch;  ///< a folder for large files
  std::vector<Text> texts;        ///< of few distinct words, and of many
  Report& report;
};

/// What the machine can do at best: copies, sorting, reducing.
void measure_ceilings(const Bench& bench);
/// Batches that are in device memory already.
void measure_kernels(const Bench& bench);
/// How long each call to the device takes, one after the other.
void measure_stages(const Bench& bench);
/// Batches in pinned memory, to rows on the host.
void measure_from_memory(const Bench& bench);
/// The same with the CPU backend, on all processors.
void measure_cpu(const Bench& bench);
/// Words that come once each.
void measure_distinct_words(const Bench& bench);
/// A whole job: files in the page cache, several readers, either backend.
void measure_from_files(const Bench& bench);

}  // namespace millrace::bench
