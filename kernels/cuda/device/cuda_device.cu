// A CUDA device: streams, copies, kernels, and CUB's sort and reduce.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include <thrust/iterator/permutation_iterator.h>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_reduce.cuh>
#include <cuda/functional>

#include "kernels/cuda/device/batch_epilogue.h"
#include "kernels/cuda/device/check.h"
#include "kernels/cuda/device/count_records.h"
#include "kernels/cuda/device/count_words.h"
#include "kernels/cuda/device_api.h"

namespace millrace::cuda {
namespace {

__global__ void __launch_bounds__(kBlockThreads, 1) words_kernel(const __grid_constant__ CountJob job) {
  extern __shared__ uint4 shared[];
  count_words(job, reinterpret_cast<unsigned char*>(shared));
}

__global__ void __launch_bounds__(kBlockThreads, 1) records_kernel(const __grid_constant__ CountJob job) {
  extern __shared__ uint4 shared[];
  count_records(job, reinterpret_cast<unsigned char*>(shared));
}

__global__ void breaks_kernel(const __grid_constant__ DeviceBatch batch) {
  mark_breaks(batch);
}

__global__ void finish_kernel(const __grid_constant__ CountJob job, Verdict* verdict) {
  finish_batch(job, verdict);
}

__global__ void number_kernel(std::uint32_t* numbers, std::uint32_t n) {
  number_entries(numbers, n);
}

__global__ void unmix_kernel(std::uint64_t* keys, std::uint32_t n) {
  unmix_keys(keys, n);
}

template <class Value>
auto permuted(const Value* values, const std::uint32_t* numbers) {
  return thrust::make_permutation_iterator(values, numbers);
}

/// The one call through which sizes are asked for (`memory` null) and runs are reduced. The number of items has
/// 32 bits: with more, CUB falls back to slower states for 64-bit values.
template <class Value, class Operation>
cudaError_t reduce_runs(void* memory, std::size_t& bytes, const SortBuffers& sorted, std::uint32_t n,
                        const Value* values, Value* values_out, std::uint32_t* runs, Operation operation,
                        cudaStream_t stream) {
  return cub::DeviceReduce::ReduceByKey(memory, bytes, sorted.keys, sorted.other_keys,
                                        permuted(values, sorted.numbers), values_out, runs, operation, n,
                                        stream);
}

class CudaDevice final : public DeviceApi {
 public:
  explicit CudaDevice(const cudaDeviceProp& properties) : properties_(properties) {
    for (cudaStream_t& stream : streams_)
      require(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate");
    const auto shared = static_cast<int>(properties_.sharedMemPerBlockOptin);
    require(cudaFuncSetAttribute(words_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared),
            "cudaFuncSetAttribute");
    require(cudaFuncSetAttribute(records_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared),
            "cudaFuncSetAttribute");
  }
  ~CudaDevice() override {
    for (cudaEvent_t event : events_) cudaEventDestroy(event);
    for (cudaStream_t stream : streams_) cudaStreamDestroy(stream);
  }
  CudaDevice(const CudaDevice&) = delete;
  CudaDevice& operator=(const CudaDevice&) = delete;

  DeviceFacts facts() override;
  void* allocate(std::size_t bytes) override;
  void free(void* memory) noexcept override { cudaFree(memory); }
  void* allocate_pinned(std::size_t bytes) override;
  void free_pinned(void* memory) noexcept override { cudaFreeHost(memory); }

  void copy_to_device(Stream stream, void* to, const void* from, std::size_t bytes) override {
    require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, handle(stream)), "copying to the device");
  }
  void copy_to_host(Stream stream, void* to, const void* from, std::size_t bytes) override {
    require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, handle(stream)),
            "copying from the device");
  }
  void fill_with_zeros(Stream stream, void* memory, std::size_t bytes) override {
    require(cudaMemsetAsync(memory, 0, bytes, handle(stream)), "cudaMemsetAsync");
  }

  Event make_event() override;
  void record(Event event, Stream stream) override {
    require(cudaEventRecord(handle(event), handle(stream)), "cudaEventRecord");
  }
  void wait(Stream stream, Event event) override {
    require(cudaStreamWaitEvent(handle(stream), handle(event), 0), "cudaStreamWaitEvent");
  }
  bool is_done(Event event) override;
  void synchronize(Event event) override { require(cudaEventSynchronize(handle(event)), "counting a batch"); }
  void synchronize(Stream stream) override {
    require(cudaStreamSynchronize(handle(stream)), "waiting for the device");
  }

  void mark_breaks(const DeviceBatch& batch) override;
  void count_words(const CountJob& job, unsigned blocks) override;
  void count_records(const CountJob& job, unsigned blocks) override;
  void finish_batch(const CountJob& job, Verdict* verdict) override;
  void number_entries(std::uint32_t* numbers, std::uint32_t n) override;
  void unmix_keys(std::uint64_t* keys, std::uint32_t n) override;

  std::size_t scratch_bytes(std::uint32_t entries_max) override;
  SortBuffers sort(SortBuffers buffers, std::uint32_t n, int end_bit, Scratch scratch) override;
  void reduce_counts(const SortBuffers& sorted, std::uint32_t n, const std::uint64_t* counts,
                     std::uint64_t* counts_out, std::uint32_t* runs, Scratch scratch) override;
  void reduce_values(const SortBuffers& sorted, std::uint32_t n, Combine combine, const std::int64_t* values,
                     std::int64_t* values_out, std::uint32_t* runs, Scratch scratch) override;

 private:
  static constexpr unsigned kStepThreads = 256;

  cudaStream_t handle(Stream stream) const { return streams_[static_cast<std::size_t>(stream)]; }
  cudaEvent_t handle(Event event) const { return events_[static_cast<std::size_t>(event)]; }
  cudaStream_t compute() const { return handle(Stream::compute); }
  /// Enough blocks for n threads, but not many more than run at once.
  unsigned blocks_for(std::uint32_t n) const {
    const unsigned most = static_cast<unsigned>(properties_.multiProcessorCount) * 8;
    return std::clamp(n / kStepThreads, 1U, most);
  }
  static void* allocated(cudaError_t error, void* memory, const char* call);

  cudaDeviceProp properties_;
  cudaStream_t streams_[2] = {};
  std::vector<cudaEvent_t> events_;
};

DeviceFacts CudaDevice::facts() {
  std::size_t free = 0;
  std::size_t total = 0;
  require(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return {.name = properties_.name,
          .multiprocessors = static_cast<unsigned>(properties_.multiProcessorCount),
          .block_threads = kBlockThreads,
          .shared_bytes = properties_.sharedMemPerBlockOptin,
          .memory_free = free};
}

void* CudaDevice::allocated(cudaError_t error, void* memory, const char* call) {
  if (error == cudaSuccess) return memory;
  if (error != cudaErrorMemoryAllocation) require(error, call);
  cudaGetLastError();  // else the next call would report it again
  return nullptr;
}

void* CudaDevice::allocate(std::size_t bytes) {
  void* memory = nullptr;
  const cudaError_t error = cudaMalloc(&memory, bytes);
  return allocated(error, memory, "cudaMalloc");
}

void* CudaDevice::allocate_pinned(std::size_t bytes) {
  void* memory = nullptr;
  const cudaError_t error = cudaHostAlloc(&memory, bytes, cudaHostAllocPortable | cudaHostAllocMapped);
  return allocated(error, memory, "cudaHostAlloc");
}

// A thread that waits for a batch sleeps: readers need the processor.
Event CudaDevice::make_event() {
  cudaEvent_t event = nullptr;
  require(cudaEventCreateWithFlags(&event, cudaEventDisableTiming | cudaEventBlockingSync), "cudaEventCreate");
  events_.push_back(event);
  return Event{static_cast<std::uint32_t>(events_.size() - 1)};
}

bool CudaDevice::is_done(Event event) {
  const cudaError_t error = cudaEventQuery(handle(event));
  if (error == cudaErrorNotReady) return false;
  require(error, "counting a batch");
  return true;
}

void CudaDevice::mark_breaks(const DeviceBatch& batch) {
  breaks_kernel<<<blocks_for(batch.records), kStepThreads, 0, compute()>>>(batch);
  require(cudaGetLastError(), "starting mark_breaks");
}

void CudaDevice::count_words(const CountJob& job, unsigned blocks) {
  words_kernel<<<blocks, kBlockThreads, count_words_shared_bytes(kBlockThreads, job.table_slots), compute()>>>(
      job);
  require(cudaGetLastError(), "starting count_words");
}

void CudaDevice::count_records(const CountJob& job, unsigned blocks) {
  const std::size_t shared = count_records_shared_bytes(kBlockThreads, job.table_slots, job.rule.columns);
  records_kernel<<<blocks, kBlockThreads, shared, compute()>>>(job);
  require(cudaGetLastError(), "starting count_records");
}

void CudaDevice::finish_batch(const CountJob& job, Verdict* verdict) {
  finish_kernel<<<1, 1, 0, compute()>>>(job, verdict);
  require(cudaGetLastError(), "starting finish_batch");
}

void CudaDevice::number_entries(std::uint32_t* numbers, std::uint32_t n) {
  number_kernel<<<blocks_for(n), kStepThreads, 0, compute()>>>(numbers, n);
  require(cudaGetLastError(), "starting number_entries");
}

void CudaDevice::unmix_keys(std::uint64_t* keys, std::uint32_t n) {
  unmix_kernel<<<blocks_for(n), kStepThreads, 0, compute()>>>(keys, n);
  require(cudaGetLastError(), "starting unmix_keys");
}

std::size_t CudaDevice::scratch_bytes(std::uint32_t entries_max) {
  std::size_t sort_bytes = 0;
  cub::DoubleBuffer<std::uint64_t> keys;
  cub::DoubleBuffer<std::uint32_t> numbers;
  require(cub::DeviceRadixSort::SortPairs(nullptr, sort_bytes, keys, numbers, entries_max, 0, 64, compute()),
          "asking for the memory of a sort");
  std::size_t reduce_bytes = 0;
  std::size_t bytes = 0;
  const auto ask = [&](auto* values, auto operation) {
    require(reduce_runs(nullptr, bytes, {}, entries_max, values, values, nullptr, operation, compute()),
            "asking for the memory of a reduction");
    reduce_bytes = std::max(reduce_bytes, bytes);
  };
  ask(static_cast<std::uint64_t*>(nullptr), ::cuda::std::plus<>{});
  ask(static_cast<std::int64_t*>(nullptr), ::cuda::std::plus<>{});
  ask(static_cast<std::int64_t*>(nullptr), ::cuda::minimum<>{});
  ask(static_cast<std::int64_t*>(nullptr), ::cuda::maximum<>{});
  return std::max(sort_bytes, reduce_bytes);
}

SortBuffers CudaDevice::sort(SortBuffers buffers, std::uint32_t n, int end_bit, Scratch scratch) {
  cub::DoubleBuffer<std::uint64_t> keys(buffers.keys, buffers.other_keys);
  cub::DoubleBuffer<std::uint32_t> numbers(buffers.numbers, buffers.other_numbers);
  require(
      cub::DeviceRadixSort::SortPairs(scratch.memory, scratch.bytes, keys, numbers, n, 0, end_bit, compute()),
      "sorting");
  return {keys.Current(), keys.Alternate(), numbers.Current(), numbers.Alternate()};
}

void CudaDevice::reduce_counts(const SortBuffers& sorted, std::uint32_t n, const std::uint64_t* counts,
                               std::uint64_t* counts_out, std::uint32_t* runs, Scratch scratch) {
  require(reduce_runs(scratch.memory, scratch.bytes, sorted, n, counts, counts_out, runs, ::cuda::std::plus<>{},
                      compute()),
          "adding counts up");
}

void CudaDevice::reduce_values(const SortBuffers& sorted, std::uint32_t n, Combine combine,
                               const std::int64_t* values, std::int64_t* values_out, std::uint32_t* runs,
                               Scratch scratch) {
  const auto reduce = [&](auto operation) {
    require(
        reduce_runs(scratch.memory, scratch.bytes, sorted, n, values, values_out, runs, operation, compute()),
        "reducing values");
  };
  switch (combine) {
    case Combine::sum: return reduce(::cuda::std::plus<>{});
    case Combine::min: return reduce(::cuda::minimum<>{});
    case Combine::max: return reduce(::cuda::maximum<>{});
  }
}

}  // namespace

std::shared_ptr<DeviceApi> open_cuda_device() {
  int devices = 0;
  cudaError_t error = cudaGetDeviceCount(&devices);
  if (error != cudaSuccess) throw UnavailableError(error_text(error));
  if (devices == 0) throw UnavailableError("there is no CUDA device");
  cudaDeviceProp properties;
  error = cudaGetDeviceProperties(&properties, 0);
  if (error != cudaSuccess) throw UnavailableError(error_text(error));
  constexpr int kOldest = 75;  // what the toolkit compiles for
  if (properties.major * 10 + properties.minor < kOldest)
    throw UnavailableError(std::string(properties.name) + " is too old: it has compute capability " +
                           std::to_string(properties.major) + "." + std::to_string(properties.minor) +
                           ", and 7.5 is needed");
  try {
    return std::make_shared<CudaDevice>(properties);
  } catch (const DeviceError& failed) {
    throw UnavailableError(failed.what());
  }
}

}  // namespace millrace::cuda
