// Batches on their way to the device.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/batch_slots.h"

#include <algorithm>
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

std::size_t breaks_bytes(std::size_t text_bytes) {
  return (text_bytes / 32 + 1) * sizeof(std::uint32_t);
}

// Rows whose keys have four bytes or more fit, and so do messages of four bytes or more.
std::size_t rows_bytes(const CountSpec& rule, std::size_t text_bytes) {
  return text_bytes / 4 * (2 * sizeof(std::uint32_t) + rule.inputs * sizeof(std::int64_t)) + 3 * kAlignment;
}

std::size_t records_bytes(std::size_t text_bytes) {
  return text_bytes / 4 * sizeof(std::uint32_t) + breaks_bytes(text_bytes) + 2 * kAlignment;
}

bool finds_keys(const CountSpec& rule) {
  return rule.keyed_by != KeyedBy::rows;
}

}  // namespace

BatchSlots::BatchSlots(DeviceApi& device, const CountSpec& rule, std::size_t text_bytes, MemoryBudget& budget,
                       CudaCounters& counters)
    : device_(device),
      rule_(rule),
      text_bytes_(text_bytes),
      counters_(counters),
      pinned_(device, kBatchSlots * pinned_bytes(rule), budget) {
  for (std::uint32_t i = 0; i < kBatchSlots; ++i) {
    Slot slot{.text = DeviceBuffer(device_, text_bytes_ + kSlackBytes),
              .records = finds_keys(rule) ? DeviceBuffer(device_, records_bytes(text_bytes_)) : DeviceBuffer(),
              .rows = {},
              .control = DeviceBuffer(device_, sizeof(BatchControl)),
              .copied = device_.make_event(),
              .counted = device_.make_event()};
    if (!slot.text || (finds_keys(rule) && !slot.records) || !slot.control)
      throw UnavailableError("the device has no memory left for batches");
    device_.fill_with_zeros(Stream::compute, slot.control.as<void>(), sizeof(BatchControl));
    slots_.push_back(std::move(slot));
  }
  if (!finds_keys(rule) && !take_rows()) throw UnavailableError("the device has no memory left for batches");
}

std::size_t BatchSlots::bytes(const CountSpec& rule, std::size_t text_bytes) {
  const std::size_t places = finds_keys(rule) ? records_bytes(text_bytes) : rows_bytes(rule, text_bytes);
  return kBatchSlots * (aligned(text_bytes + kSlackBytes) + aligned(places));
}

bool BatchSlots::has_room_for(const Batch& batch) {
  return fits(batch) && (!batch.has_rows || take_rows());
}

// For all slots or for none.
bool BatchSlots::take_rows() {
  if (has_rows_) return *has_rows_;
  for (Slot& slot : slots_) slot.rows = DeviceBuffer(device_, rows_bytes(rule_, text_bytes_));
  has_rows_ = std::ranges::all_of(slots_, [](const Slot& slot) { return static_cast<bool>(slot.rows); });
  if (!*has_rows_)
    for (Slot& slot : slots_) slot.rows = {};
  return *has_rows_;
}

bool BatchSlots::fits(const Batch& batch) const {
  if (batch.bytes.size() > text_bytes_) return false;
  // Keys of rows may overlap; places of their texts are counted in 32 bits.
  const auto& lengths = batch.rows.key_length;
  if (std::accumulate(lengths.begin(), lengths.end(), std::uint64_t{0}) > kDeviceBatchBytesMax) return false;
  if (batch.has_rows)
    return 2 * aligned(batch.rows.key_at.size_bytes()) + aligned(batch.rows.values.size_bytes()) <=
           rows_bytes(rule_, text_bytes_);
  const bool has_breaks = rule_.keyed_by == KeyedBy::words;
  return aligned(batch.ends.size_bytes()) + (has_breaks ? aligned(breaks_bytes(batch.bytes.size())) : 0) <=
         records_bytes(text_bytes_);
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
  if (batch.has_rows)
    upload_rows(slot, batch.rows, on_device);
  else if (!batch.ends.empty())
    upload_records(slot, batch.ends, on_device);
  device_.record(slot.copied, Stream::copy);
  device_.wait(Stream::compute, slot.copied);
  return on_device;
}

void BatchSlots::upload_rows(const Slot& slot, const Rows& rows, DeviceBatch& to) {
  std::size_t used = 0;
  to.has_rows = true;
  to.records = static_cast<std::uint32_t>(rows.key_at.size());
  to.key_at = upload_places(slot.rows, used, rows.key_at);
  to.key_length = upload_places(slot.rows, used, rows.key_length);
  to.row_values = upload_places(slot.rows, used, rows.values);
}

void BatchSlots::upload_records(const Slot& slot, std::span<const std::uint32_t> ends, DeviceBatch& to) {
  std::size_t used = 0;
  to.size = ends.back();
  to.records = static_cast<std::uint32_t>(ends.size());
  to.ends = upload_places(slot.records, used, ends);
  if (rule_.keyed_by != KeyedBy::words) return;
  to.breaks = reinterpret_cast<std::uint32_t*>(slot.records.as<std::byte>() + used);
  device_.fill_with_zeros(Stream::copy, to.breaks, breaks_bytes(to.size));
}

template <class T>
const T* BatchSlots::upload_places(const DeviceBuffer& places, std::size_t& used, std::span<const T> from) {
  auto* to = reinterpret_cast<T*>(places.as<std::byte>() + used);
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
