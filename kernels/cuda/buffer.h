// Memory of a device, and host memory that it reaches, each given back where it was taken.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <millrace/error.h>
#include <millrace/memory_budget.h>

#include "kernels/cuda/device_api.h"

namespace millrace::cuda {

/// Device memory; false if there was not enough. REQUIRES: the device outlives it.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  DeviceBuffer(DeviceApi& device, std::size_t bytes)
      : device_(&device), memory_(device.allocate(bytes)), bytes_(bytes) {}
  DeviceBuffer(DeviceBuffer&& other) noexcept { swap(other); }
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~DeviceBuffer() {
    if (memory_ != nullptr) device_->free(memory_);
  }
  explicit operator bool() const { return memory_ != nullptr; }
  std::size_t bytes() const { return bytes_; }
  template <class T>
  T* as() const {
    return static_cast<T*>(memory_);
  }

 private:
  void swap(DeviceBuffer& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
  }
  DeviceApi* device_ = nullptr;
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Pinned host memory, drawn from the budget. Throws BudgetError, or UnavailableError if the machine has none.
/// REQUIRES: device and budget outlive it.
class PinnedBuffer {
 public:
  PinnedBuffer(DeviceApi& device, std::size_t bytes, MemoryBudget& budget)
      : device_(device), bytes_(bytes), budget_(budget) {
    budget_.reserve(bytes_, "buffers for the device");
    try {
      memory_ = device_.allocate_pinned(bytes_);
      if (memory_ == nullptr) throw UnavailableError("the machine has no pinned memory left");
    } catch (...) {
      budget_.release(bytes_);
      throw;
    }
  }
  PinnedBuffer(const PinnedBuffer&) = delete;
  PinnedBuffer& operator=(const PinnedBuffer&) = delete;
  ~PinnedBuffer() {
    device_.free_pinned(memory_);
    budget_.release(bytes_);
  }
  template <class T>
  T* as(std::size_t offset_bytes = 0) const {
    return reinterpret_cast<T*>(static_cast<std::byte*>(memory_) + offset_bytes);
  }

 private:
  DeviceApi& device_;
  std::size_t bytes_;
  MemoryBudget& budget_;
  void* memory_ = nullptr;
};

}  // namespace millrace::cuda
