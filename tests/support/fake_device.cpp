// Memory, copies, events and failures of the fake device.
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_device.h"

#include <cstring>
#include <exception>
#include <utility>

#include <millrace/error.h>

namespace millrace::cuda {

FakeDevice::FakeDevice(const FakeDeviceOptions& options)
    : options_(options),
      random_(options.seed),
      memory_(options.memory),
      pinned_(options.pinned_memory),
      streams_(random_()) {}

void FakeDevice::fail_at(std::size_t call) {
  const std::lock_guard lock(mutex_);
  fails_at_ = call;
}

FakeCounters FakeDevice::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

std::size_t FakeDevice::blocks() const {
  const std::lock_guard lock(mutex_);
  return memory_.blocks() + pinned_.blocks();
}

std::vector<std::string> FakeDevice::problems() const {
  const std::lock_guard lock(mutex_);
  return problems_;
}

/// Starts every call that can fail, and is a moment at which the device may get on with its work.
std::unique_lock<std::mutex> FakeDevice::begin_call() {
  std::unique_lock lock(mutex_);
  if (!failed_) streams_.run_some();
  if (counters_.calls++ >= fails_at_) {
    failed_ = true;
    streams_.drop_all();
    throw DeviceError("the fake device failed, cudaErrorLaunchFailure (injected)");
  }
  return lock;
}

DeviceFacts FakeDevice::facts() {
  const auto lock = begin_call();
  return {.name = "fake device",
          .multiprocessors = options_.multiprocessors,
          .block_threads = options_.block_threads,
          .shared_bytes = options_.shared_bytes,
          .memory_free = memory_.left()};
}

void* FakeDevice::allocate(std::size_t bytes) {
  const auto lock = begin_call();
  return memory_.allocate(bytes, random_);
}

void* FakeDevice::allocate_pinned(std::size_t bytes) {
  const auto lock = begin_call();
  return pinned_.allocate(bytes, random_);
}

void FakeDevice::free(void* memory) noexcept {
  free_block(memory_, memory, "device memory");
}

void FakeDevice::free_pinned(void* memory) noexcept {
  free_block(pinned_, memory, "pinned memory");
}

void FakeDevice::free_block(FakeMemory& memory, void* block, std::string_view what) noexcept {
  const std::lock_guard lock(mutex_);
  try {
    streams_.run_all();
  } catch (const std::exception& error) {
    problems_.emplace_back(error.what());
  }
  if (block != nullptr && !memory.free(block))
    problems_.push_back(std::string(what) + " was freed that had not been allocated");
}

void FakeDevice::copy_to_device(Stream stream, void* to, const void* from, std::size_t bytes) {
  const auto lock = begin_call();
  check(memory_.holds(to, bytes), "a copy to the device stays in one block of its memory");
  counters_.bytes_to_device += bytes;
  if (bytes == 0) return;
  if (pinned_.holds(from, bytes)) return streams_.give(stream, [=] { std::memcpy(to, from, bytes); });
  check(!pinned_.holds(from, 1), "a copy to the device stays in one block of pinned memory");
  const auto* begin = static_cast<const std::byte*>(from);
  streams_.give(stream, [to, staged = std::vector<std::byte>(begin, begin + bytes)] {
    std::memcpy(to, staged.data(), staged.size());
  });
}

void FakeDevice::copy_to_host(Stream stream, void* to, const void* from, std::size_t bytes) {
  const auto lock = begin_call();
  check(memory_.holds(from, bytes), "a copy to the host stays in one block of the device's memory");
  counters_.bytes_to_host += bytes;
  if (bytes == 0) return;
  if (pinned_.holds(to, bytes)) return streams_.give(stream, [=] { std::memcpy(to, from, bytes); });
  check(!pinned_.holds(to, 1), "a copy to the host stays in one block of pinned memory");
  streams_.run_until_empty(stream);
  std::memcpy(to, from, bytes);
}

void FakeDevice::fill_with_zeros(Stream stream, void* memory, std::size_t bytes) {
  const auto lock = begin_call();
  check(memory_.holds(memory, bytes), "filling stays in one block of the device's memory");
  if (bytes > 0) streams_.give(stream, [=] { std::memset(memory, 0, bytes); });
}

Event FakeDevice::make_event() {
  const auto lock = begin_call();
  return streams_.make_event();
}

void FakeDevice::record(Event event, Stream stream) {
  const auto lock = begin_call();
  streams_.record(event, stream);
}

void FakeDevice::wait(Stream stream, Event event) {
  const auto lock = begin_call();
  streams_.wait(stream, event);
}

// Who asks again and again gets there, even if the device does nothing by itself.
bool FakeDevice::is_done(Event event) {
  const auto lock = begin_call();
  if (random_() % 4 == 0) streams_.run_until(event);
  return streams_.is_done(event);
}

void FakeDevice::synchronize(Event event) {
  const auto lock = begin_call();
  streams_.run_until(event);
}

void FakeDevice::synchronize(Stream stream) {
  const auto lock = begin_call();
  streams_.run_until_empty(stream);
}

}  // namespace millrace::cuda
