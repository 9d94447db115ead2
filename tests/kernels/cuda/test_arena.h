// A pane's arena and a batch in ordinary memory, for kernel bodies run one at a time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/cuda/device/text_layout.h"
#include "kernels/cuda/device_types.h"
#include "tests/kernels/test_batches.h"

namespace millrace::cuda {

/// Elements with a fence of others behind them, which nobody may touch.
template <class T>
class Fenced {
 public:
  explicit Fenced(std::size_t n) : elements_(n + kFence, T(kUntouched)), n_(n) {}
  T* data() { return elements_.data(); }
  bool fence_stands() const {
    return std::all_of(elements_.begin() + static_cast<std::ptrdiff_t>(n_), elements_.end(),
                       [](T element) { return element == T(kUntouched); });
  }

 private:
  static constexpr std::size_t kFence = 64;
  static constexpr std::uint64_t kUntouched = 0x5ca1ab1e0ddba115;
  std::vector<T> elements_;
  std::size_t n_;
};

class TestArena {
 public:
  /// `text_slots` is a power of two.
  TestArena(std::uint32_t entries, std::uint32_t text_words, std::uint32_t text_slots, std::uint32_t columns)
      : columns_(columns),
        keys_(entries),
        counts_(entries),
        values_(std::size_t{entries} * columns),
        texts_(text_words),
        slots_(text_slots),
        pane_{.control = &control_,
              .keys = keys_.data(),
              .counts = counts_.data(),
              .values = values_.data(),
              .capacity = entries,
              .text_capacity = text_words,
              .texts = texts_.data(),
              .slots = slots_.data(),
              .slot_mask = text_slots - 1} {
    std::fill_n(slots_.data(), text_slots, 0);
  }
  TestArena(const TestArena&) = delete;
  TestArena& operator=(const TestArena&) = delete;

  const PaneArena& view() const { return pane_; }
  PaneControl& control() { return control_; }
  bool fences_stand() const {
    return keys_.fence_stands() && counts_.fence_stands() && values_.fence_stands() && texts_.fence_stands() &&
           slots_.fence_stands();
  }

  /// Merges all entries.
  reference::Answer answer(const std::vector<ValueColumn>& columns) {
    reference::Answer answer;
    for (std::uint32_t i = 0; i < control_.entries; ++i) {
      std::vector<reference::Wide> values;
      for (std::size_t c = 0; c < columns_; ++c) values.push_back(values_.data()[c * pane_.capacity + i]);
      answer.add({}, text_of(unmix(keys_.data()[i])), counts_.data()[i], values, columns);
    }
    return answer;
  }

 private:
  std::string text_of(std::uint64_t bits) {
    char packed[kPackedBytesMax];
    if (is_packed(Key{bits})) return {packed, unpack(Key{bits}, packed)};
    const std::uint64_t* text = texts_.data() + (bits & ~kHashedBit);
    return {reinterpret_cast<const char*>(text + kTextHeaderWords), static_cast<std::size_t>(text[1])};
  }

  PaneControl control_;
  std::size_t columns_;
  Fenced<std::uint64_t> keys_;
  Fenced<std::uint64_t> counts_;
  Fenced<std::int64_t> values_;
  Fenced<std::uint64_t> texts_;
  Fenced<std::uint64_t> slots_;
  PaneArena pane_;
};

/// What the device would have of a batch. The batch outlives it.
class TestInput {
 public:
  TestInput(const TestBatch& batch, std::uint32_t rejects)
      : text_((batch.bytes.size() + kSlackBytes) / 8 + 2, 0x7878787878787878),
        breaks_(batch.bytes.size() / 32 + 1),
        rejects_(rejects + 1),
        view_{.text = reinterpret_cast<const char*>(text_.data()),
              .size = static_cast<std::uint32_t>(batch.bytes.size()),
              .ends = batch.ends.empty() ? nullptr : batch.ends.data(),
              .has_rows = batch.has_rows,
              .records = static_cast<std::uint32_t>(batch.has_rows ? batch.key_at.size() : batch.ends.size()),
              .breaks = batch.ends.empty() ? nullptr : breaks_.data(),
              .key_at = batch.key_at.data(),
              .key_length = batch.key_length.data(),
              .row_values = batch.values.data(),
              .control = &control_,
              .rejects = rejects_.data(),
              .rejects_capacity = rejects} {
    std::memcpy(text_.data(), batch.bytes.data(), batch.bytes.size());
  }
  TestInput(const TestInput&) = delete;
  TestInput& operator=(const TestInput&) = delete;

  const DeviceBatch& view() const { return view_; }
  BatchControl& control() { return control_; }
  const std::vector<Reject>& rejects() const { return rejects_; }

 private:
  std::vector<std::uint64_t> text_;
  std::vector<std::uint32_t> breaks_;
  std::vector<Reject> rejects_;
  BatchControl control_;
  DeviceBatch view_;
};

}  // namespace millrace::cuda
