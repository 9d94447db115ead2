// A device on the CPU that allows itself everything that CUDA allows a real one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/cuda/device_api.h"
#include "tests/support/fake_memory.h"
#include "tests/support/fake_streams.h"

namespace millrace::cuda {

struct FakeDeviceOptions {
  std::uint64_t seed = 1;
  std::size_t memory = std::size_t{64} << 20;
  std::size_t pinned_memory = std::size_t{64} << 20;
  unsigned block_threads = 64;
  unsigned multiprocessors = 3;
  std::size_t shared_bytes = 232448;
};

struct FakeCounters {
  std::size_t calls = 0;  ///< that can fail: all but those that free
  std::size_t bytes_to_device = 0;
  std::size_t bytes_to_host = 0;
  std::map<std::string, std::size_t, std::less<>> launches;  ///< of each kernel
  std::size_t sorts = 0;
  std::size_t reductions = 0;
};

/// Device memory is host memory, and kernels run as fibres. Work that is given to a stream is done later, in an
/// order that the seed decides, so that a missing wait shows as a wrong result: a copy from pinned memory reads
/// it late, one to pinned memory writes it late. Pageable memory is read and written during the call, as CUDA
/// does. Freeing waits for all work, as CUDA's does. Broken rules throw InternalError, or simt::Divergence.
class FakeDevice : public DeviceApi {
 public:
  explicit FakeDevice(const FakeDeviceOptions& options = {});
  ~FakeDevice() override = default;
  FakeDevice(const FakeDevice&) = delete;
  FakeDevice& operator=(const FakeDevice&) = delete;

  /// Call number `call`, counted from 0, and all later ones throw DeviceError. What was given before it may be
  /// done or not.
  void fail_at(std::size_t call);
  FakeCounters counters() const;
  std::size_t blocks() const;  ///< not freed yet, pinned ones too
  /// What was wrong while memory was freed, where nothing can be thrown.
  std::vector<std::string> problems() const;

  DeviceFacts facts() override;
  void* allocate(std::size_t bytes) override;
  void free(void* memory) noexcept override;
  void* allocate_pinned(std::size_t bytes) override;
  void free_pinned(void* memory) noexcept override;
  void copy_to_device(Stream stream, void* to, const void* from, std::size_t bytes) override;
  void copy_to_host(Stream stream, void* to, const void* from, std::size_t bytes) override;
  void fill_with_zeros(Stream stream, void* memory, std::size_t bytes) override;
  Event make_event() override;
  void record(Event event, Stream stream) override;
  void wait(Stream stream, Event event) override;
  bool is_done(Event event) override;
  void synchronize(Event event) override;
  void synchronize(Stream stream) override;
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

 protected:
  // What a library of algorithms does. Called when it is the work's turn.
  virtual void sort_now(std::uint64_t* keys, std::uint32_t* numbers, std::uint32_t n, int end_bit);
  virtual std::uint32_t reduce_now(const SortBuffers& sorted, std::uint32_t n, const std::uint64_t* counts,
                                   std::uint64_t* counts_out);
  virtual std::uint32_t reduce_now(const SortBuffers& sorted, std::uint32_t n, Combine combine,
                                   const std::int64_t* values, std::int64_t* values_out);

 private:
  std::unique_lock<std::mutex> begin_call();
  void free_block(FakeMemory& memory, void* block, std::string_view what) noexcept;
  void use_scratch(std::uint32_t n, Scratch scratch);
  void check_sorted(const SortBuffers& buffers, std::uint32_t n) const;
  void give_kernel(std::string_view name, unsigned grid, unsigned block, std::size_t shared_bytes,
                   std::function<void(unsigned char* shared)> kernel);
  unsigned any_blocks() { return static_cast<unsigned>(random_() % 4) + 1; }

  const FakeDeviceOptions options_;
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  FakeMemory memory_;
  FakeMemory pinned_;
  FakeStreams streams_;
  FakeCounters counters_;
  std::size_t fails_at_ = std::numeric_limits<std::size_t>::max();
  bool failed_ = false;
  std::vector<std::string> problems_;
};

}  // namespace millrace::cuda
