// Devices before a real one: one that leaves out copies, and one that takes the time of every call.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "bench/gpu/workload.h"
#include "kernels/cuda/device_api.h"

namespace millrace::bench {

/// Passes every call on.
class PassingDevice : public cuda::DeviceApi {
 public:
  explicit PassingDevice(std::shared_ptr<DeviceApi> to) : to_(std::move(to)) {}

  cuda::DeviceFacts facts() override { return to_->facts(); }
  void* allocate(std::size_t bytes) override { return to_->allocate(bytes); }
  void free(void* memory) noexcept override { to_->free(memory); }
  void* allocate_pinned(std::size_t bytes) override { return to_->allocate_pinned(bytes); }
  void free_pinned(void* memory) noexcept override { to_->free_pinned(memory); }
  void copy_to_device(cuda::Stream stream, void* to, const void* from, std::size_t bytes) override {
    pass("copy to device", stream, [&] { to_->copy_to_device(stream, to, from, bytes); });
  }
  void copy_to_host(cuda::Stream stream, void* to, const void* from, std::size_t bytes) override {
    pass("copy to host", stream, [&] { to_->copy_to_host(stream, to, from, bytes); });
  }
  void fill_with_zeros(cuda::Stream stream, void* memory, std::size_t bytes) override {
    pass("fill with zeros", stream, [&] { to_->fill_with_zeros(stream, memory, bytes); });
  }
  cuda::Event make_event() override { return to_->make_event(); }
  void record(cuda::Event event, cuda::Stream stream) override { to_->record(event, stream); }
  void wait(cuda::Stream stream, cuda::Event event) override { to_->wait(stream, event); }
  bool is_done(cuda::Event event) override { return to_->is_done(event); }
  void synchronize(cuda::Event event) override { to_->synchronize(event); }
  void synchronize(cuda::Stream stream) override { to_->synchronize(stream); }
  void mark_breaks(const cuda::DeviceBatch& batch) override {
    compute("mark breaks", [&] { to_->mark_breaks(batch); });
  }
  void count_words(const cuda::CountJob& job, unsigned blocks) override {
    compute("count words", [&] { to_->count_words(job, blocks); });
  }
  void count_records(const cuda::CountJob& job, unsigned blocks) override {
    compute("count records", [&] { to_->count_records(job, blocks); });
  }
  void finish_batch(const cuda::CountJob& job, cuda::Verdict* verdict) override {
    compute("finish batch", [&] { to_->finish_batch(job, verdict); });
  }
  void number_entries(std::uint32_t* numbers, std::uint32_t n) override {
    compute("number entries", [&] { to_->number_entries(numbers, n); });
  }
  void unmix_keys(std::uint64_t* keys, std::uint32_t n) override {
    compute("unmix keys", [&] { to_->unmix_keys(keys, n); });
  }
  std::size_t scratch_bytes(std::uint32_t entries_max) override { return to_->scratch_bytes(entries_max); }
  cuda::SortBuffers sort(cuda::SortBuffers buffers, std::uint32_t n, int end_bit,
                         cuda::Scratch scratch) override {
    compute("sort", [&] { buffers = to_->sort(buffers, n, end_bit, scratch); });
    return buffers;
  }
  void reduce_counts(const cuda::SortBuffers& sorted, std::uint32_t n, const std::uint64_t* counts,
                     std::uint64_t* counts_out, std::uint32_t* runs, cuda::Scratch scratch) override {
    compute("reduce counts", [&] { to_->reduce_counts(sorted, n, counts, counts_out, runs, scratch); });
  }
  void reduce_values(const cuda::SortBuffers& sorted, std::uint32_t n, Combine combine,
                     const std::int64_t* values, std::int64_t* values_out, std::uint32_t* runs,
                     cuda::Scratch scratch) override {
    compute("reduce values",
            [&] { to_->reduce_values(sorted, n, combine, values, values_out, runs, scratch); });
  }

 protected:
  /// Every call that gives work to a stream comes through here.
  virtual void pass(const char* name, cuda::Stream stream, const std::function<void()>& call) = 0;

 private:
  void compute(const char* name, const std::function<void()>& call) { pass(name, cuda::Stream::compute, call); }
  const std::shared_ptr<DeviceApi> to_;
};

/// Batches are what was copied last: kernels count them again without waiting for a bus.
class ResidentDevice final : public PassingDevice {
 public:
  using PassingDevice::PassingDevice;
  void keep_batches() { kept_ = true; }

 private:
  void pass(const char*, cuda::Stream stream, const std::function<void()>& call) override {
    if (!kept_ || stream == cuda::Stream::compute) call();
  }
  bool kept_ = false;
};

/// Waits after every call, so that nothing overlaps, and adds up how long each kind of call took.
class TimedDevice final : public PassingDevice {
 public:
  struct Total {
    double seconds = 0;
    std::uint64_t calls = 0;
  };
  using PassingDevice::PassingDevice;
  std::map<std::string, Total> totals;

 private:
  void pass(const char* name, cuda::Stream stream, const std::function<void()>& call) override {
    const Time begin = now();
    call();
    synchronize(stream);
    Total& total = totals[name];
    total.seconds += seconds_since(begin);
    ++total.calls;
  }
};

}  // namespace millrace::bench
