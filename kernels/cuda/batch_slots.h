// Device memory for batches under way, and the host memory in which the device says what became of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <millrace/backend.h>

#include "kernels/cuda/buffer.h"
#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/device_api.h"
#include "kernels/cuda/device_types.h"

namespace millrace::cuda {

/// Batches that can be on the device: one is counted while another is copied, and two wait.
inline constexpr std::uint32_t kBatchSlots = 4;

/// Takes all memory when it is made, but that for rows of batches that may come without: see take_rows. A slot
/// is free when its last batch has been counted. Throws DeviceError.
class BatchSlots {
 public:
  /// `text_bytes` per slot. Throws UnavailableError if the device has not enough memory, and BudgetError.
  BatchSlots(DeviceApi& device, const CountSpec& rule, std::size_t text_bytes, MemoryBudget& budget,
             CudaCounters& counters);

  /// Device memory that slots of this size take when they are made.
  static std::size_t bytes(const CountSpec& rule, std::size_t text_bytes);
  /// Whether a slot has room for the batch, with the places of its records or rows. Where the device can find
  /// keys itself, memory for rows is taken only when a batch with rows comes; if there is none left, nothing
  /// with rows has room.
  bool has_room_for(const Batch& batch);

  /// Starts the copies of a batch; what is given to the compute stream next comes after them.
  DeviceBatch upload(std::uint32_t slot, const Batch& batch);
  Verdict* verdict(std::uint32_t slot) const;
  /// To be called when all work on the batch has been given to the compute stream.
  void record_counted(std::uint32_t slot) { device_.record(slots_[slot].counted, Stream::compute); }
  bool is_counted(std::uint32_t slot) { return device_.is_done(slots_[slot].counted); }
  void wait_until_counted(std::uint32_t slot) { device_.synchronize(slots_[slot].counted); }
  /// The rejects that the verdict speaks of, in any order.
  std::span<Reject> rejects(std::uint32_t slot) const;

 private:
  struct Slot {
    DeviceBuffer text;
    DeviceBuffer records;  ///< where they end, and for words the same as bits
    DeviceBuffer rows;     ///< where their keys are, and their values
    DeviceBuffer control;
    Event copied{};
    Event counted{};
  };

  bool fits(const Batch& batch) const;
  bool take_rows();
  void upload_rows(const Slot& slot, const Rows& rows, DeviceBatch& to);
  void upload_records(const Slot& slot, std::span<const std::uint32_t> ends, DeviceBatch& to);
  template <class T>
  const T* upload_places(const DeviceBuffer& places, std::size_t& used, std::span<const T> from);
  void copy(void* to, const void* from, std::size_t bytes);

  DeviceApi& device_;
  const CountSpec& rule_;
  std::size_t text_bytes_;
  std::optional<bool> has_rows_;  ///< whether there was memory for rows; empty: nobody has asked
  CudaCounters& counters_;
  std::vector<Slot> slots_;
  PinnedBuffer pinned_;  ///< per slot a verdict and its rejects
};

}  // namespace millrace::cuda
