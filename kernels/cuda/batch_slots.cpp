// Batches on their way to the device.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/batch_slots.h"

#include <numeric>

namespace millrace::cuda {
namespace {

// A batch with more bad records is counted on the host.
constexpr std::uint32_t kRejectsMax = std::uint32_t{1} << 16;
constexpr std::size_t kAlignment = 256;

std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

std::uint32_t rejects_capacity(const CountSpec& rule) {
  return rule.keyed_by == KeyedBy::fields ? kRejectsMax : 0;
}

std::size_t pinned_bytes(const CountSpec& rule) {
  return aligned(sizeof(Verdict) + rejects_capacity(rule) * sizeof(Reject));
}

// Rows whose keys have four bytes or more fit, and so do messages of four bytes or more.
std::size_t places_bytes(const CountSpec& rule, std::size_t text_bytes) {
  const std::size_t per_row = 2 * sizeof(std::uint32_t) + rule.inputs * sizeof(std::int64_t);
  const bool rows = rule.keyed_by == KeyedBy::rows;
  return text_bytes / 4 * (rows ? per_row : sizeof(std::uint32_t)) + text_bytes / 8 + 8 * kAlignment;
}

std::size_t breaks_bytes(std::size_t text_bytes) {
  return (text_bytes / 32 + 1) * sizeof(std::uint32_t);
}

}  // namespace

BatchSlots::BatchSlots(DeviceApi& device, const CountSpec& rule, std::size_t text_bytes, MemoryBudget& budget,
                       CudaCounters& counters)
    : device_(device),
      rule_(rule),
      text_bytes_(text_bytes),
      places_bytes_(places_bytes(rule, text_bytes)),
      counters_(counters),
      pinned_(device, kBatchSlots * pinned_bytes(rule), budget) {
  for (std::uint32_t i = 0; i < kBatchSlots; ++i) {
    Slot slot{.text = DeviceBuffer(device_, text_bytes_ + kSlackBytes),
              .places = DeviceBuffer(device_, places_bytes_),
              .control = DeviceBuffer(device_, sizeof(BatchControl)),
              .copied = device_.make_event(),
              .counted = device_.make_event()};
    if (!slot.text || !slot.places || !slot.control)
      throw UnavailableError("the device has no memory left for batches");
    device_.fill_with_zeros(Stream::compute, slot.control.as<void>(), sizeof(BatchControl));
    slots_.push_back(std::move(slot));
  }
}

std::size_t BatchSlots::bytes(const CountSpec& rule, std::size_t text_bytes) {
  return kBatchSlots * (aligned(text_bytes + kSlackBytes) + aligned(places_bytes(rule, text_bytes)));
}

bool BatchSlots::fits(const Batch& batch) const {
  if (batch.bytes.size() > text_bytes_) return false;
  // Keys of rows may overlap; places of their texts are counted in 32 bits.
  const auto& lengths = batch.rows.key_length;
  if (std::accumulate(lengths.begin(), lengths.end(), std::uint64_t{0}) > kDeviceBatchBytesMax) return false;
  std::size_t places = aligned(batch.ends.size_bytes());
  if (batch.has_rows)
    places = 2 * aligned(batch.rows.key_at.size_bytes()) + aligned(batch.rows.values.size_bytes());
  else if (!batch.ends.empty() && rule_.keyed_by == KeyedBy::words)
    places += aligned(breaks_bytes(batch.bytes.size()));
  return places <= places_bytes_;
}

DeviceBatch BatchSlots::upload(std::uint32_t slot_number, const Batch& batch) {
  const Slot& slot = slots_[slot_number];
  DeviceBatch on_device{.text = slot.text.as<char>(),
                        .size = static_cast<std::uint32_t>(batch.bytes.size()),
                        .control = slot.control.as<BatchControl>(),
                        .rejects = pinned_.as<Reject>(slot_number * pinned_bytes(rule_) + sizeof(Verdict)),
                        .rejects_capacity = rejects_capacity(rule_)};
  // Loads of eight bytes read past the end; with the slack copied too they read nothing undefined.
  copy(slot.text.as<char>(), batch.bytes.data(), batch.bytes.size() + kSlackBytes);
  std::size_t used = 0;
  if (batch.has_rows) {
    on_device.records = static_cast<std::uint32_t>(batch.rows.key_at.size());
    on_device.key_at = upload_places(slot, used, batch.rows.key_at);
    on_device.key_length = upload_places(slot, used, batch.rows.key_length);
    on_device.row_values = upload_places(slot, used, batch.rows.values);
  } else if (!batch.ends.empty()) {
    on_device.size = batch.ends.back();
    on_device.records = static_cast<std::uint32_t>(batch.ends.size());
    on_device.ends = upload_places(slot, used, batch.ends);
    if (rule_.keyed_by == KeyedBy::words) {
      on_device.breaks = reinterpret_cast<std::uint32_t*>(slot.places.as<std::byte>() + used);
      device_.fill_with_zeros(Stream::copy, on_device.breaks, breaks_bytes(on_device.size));
    }
  }
  device_.record(slot.copied, Stream::copy);
  device_.wait(Stream::compute, slot.copied);
  return on_device;
}

template <class T>
const T* BatchSlots::upload_places(const Slot& slot, std::size_t& used, std::span<const T> from) {
  auto* to = reinterpret_cast<T*>(slot.places.as<std::byte>() + used);
  copy(to, from.data(), from.size_bytes());
  used += aligned(from.size_bytes());
  return to;
}

Verdict* BatchSlots::verdict(std::uint32_t slot) const {
  return pinned_.as<Verdict>(slot * pinned_bytes(rule_));
}

std::span<Reject> BatchSlots::rejects(std::uint32_t slot) const {
  return {pinned_.as<Reject>(slot * pinned_bytes(rule_) + sizeof(Verdict)), verdict(slot)->rejects};
}

void BatchSlots::copy(void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  device_.copy_to_device(Stream::copy, to, from, bytes);
  counters_.bytes_to_device += bytes;
}

}  // namespace millrace::cuda
