// The seam between the CUDA backend and a device: the few CUDA and CUB calls that it makes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <millrace/plan.h>

#include "kernels/cuda/device_types.h"

namespace millrace::cuda {

struct DeviceFacts {
  std::string name;
  unsigned multiprocessors = 1;
  unsigned block_threads = kBlockThreads;  ///< a multiple of 32
  std::size_t shared_bytes = 0;            ///< that one block can have
  std::size_t memory_free = 0;             ///< now
};

/// Work on one stream is done in the order in which it was given; streams run side by side.
enum class Stream : std::uint8_t { copy, compute };
enum class Event : std::uint32_t {};

/// Keys with what they are numbered by, before and after sorting. Sorting may swap the arrays.
struct SortBuffers {
  std::uint64_t* keys = nullptr;
  std::uint64_t* other_keys = nullptr;
  std::uint32_t* numbers = nullptr;
  std::uint32_t* other_numbers = nullptr;
};

/// Device memory for the temporary needs of sort and reduce.
struct Scratch {
  void* memory = nullptr;
  std::size_t bytes = 0;
};

/// One device. The engine thread calls everything, but for free_pinned, which any thread may call. Every call
/// throws DeviceError (with CUDA's name of the error) when the device fails, also for work given earlier;
/// then only the functions that free may be called. Nothing waits but facts, allocations and synchronize.
class DeviceApi {
 public:
  virtual ~DeviceApi() = default;
  virtual DeviceFacts facts() = 0;

  /// Device memory, aligned to 256 bytes; null if there is not enough.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void free(void* memory) noexcept = 0;
  /// Host memory that the device copies fastest and that its kernels can write; null if there is not enough.
  virtual void* allocate_pinned(std::size_t bytes) = 0;
  virtual void free_pinned(void* memory) noexcept = 0;

  virtual void copy_to_device(Stream stream, void* to, const void* from, std::size_t bytes) = 0;
  virtual void copy_to_host(Stream stream, void* to, const void* from, std::size_t bytes) = 0;
  virtual void fill_with_zeros(Stream stream, void* memory, std::size_t bytes) = 0;

  virtual Event make_event() = 0;  ///< lives as long as the device
  virtual void record(Event event, Stream stream) = 0;
  virtual void wait(Stream stream,
                    Event event) = 0;  ///< later work of the stream waits; an unrecorded event is done
  virtual bool is_done(Event event) = 0;
  virtual void synchronize(Event event) = 0;
  virtual void synchronize(Stream stream) = 0;

  // Kernels, on the compute stream. Their bodies are in count_words.h, count_records.h and batch_epilogue.h.
  virtual void mark_breaks(const DeviceBatch& batch) = 0;
  virtual void count_words(const CountJob& job, unsigned blocks) = 0;
  virtual void count_records(const CountJob& job, unsigned blocks) = 0;
  virtual void finish_batch(const CountJob& job, Verdict* verdict) = 0;
  virtual void number_entries(std::uint32_t* numbers, std::uint32_t n) = 0;
  virtual void unmix_keys(std::uint64_t* keys, std::uint32_t n) = 0;

  // CUB, on the compute stream.
  virtual std::size_t scratch_bytes(std::uint32_t entries_max) = 0;
  /// Sorts by bits [0, end_bit) of the keys. The result is in `keys` and `numbers` of what it returns.
  virtual SortBuffers sort(SortBuffers buffers, std::uint32_t n, int end_bit, Scratch scratch) = 0;
  /// One output for each run of equal keys: its key and the sum of counts[numbers[i]] over the run.
  virtual void reduce_counts(const SortBuffers& sorted, std::uint32_t n, const std::uint64_t* counts,
                             std::uint64_t* counts_out, std::uint32_t* runs, Scratch scratch) = 0;
  /// The same for a value column. Keys go to `sorted.other_keys` each time, the number of runs to `runs`.
  virtual void reduce_values(const SortBuffers& sorted, std::uint32_t n, Combine combine,
                             const std::int64_t* values, std::int64_t* values_out, std::uint32_t* runs,
                             Scratch scratch) = 0;
};

/// The first CUDA device. Throws UnavailableError if there is none that can be used, saying why.
std::shared_ptr<DeviceApi> open_cuda_device();

}  // namespace millrace::cuda
