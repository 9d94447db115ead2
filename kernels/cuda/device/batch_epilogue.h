// Kernel bodies: the small steps before and after counting.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cuda/device_types.h"
#include "kernels/hd.h"
#include "kernels/key.h"

namespace millrace::cuda {

/// Sets a bit for each record end inside the batch: there the next record begins. Launched for as many threads
/// as one likes. REQUIRES: the bits are zero.
MILLRACE_DEVICE inline void mark_breaks(const DeviceBatch& batch) {
  for (std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < batch.records;
       i += gridDim.x * blockDim.x) {
    const std::uint32_t end = batch.ends[i];
    if (end < batch.size) atomicOr(batch.breaks + end / 32, 1U << (end % 32));
  }
}

/// Whether no sum of `tokens` values up to `largest` can leave 64 bits.
MILLRACE_HD constexpr bool sums_fit(std::uint64_t largest, std::uint64_t tokens) {
  return static_cast<unsigned __int128>(largest) * tokens <= static_cast<std::uint64_t>(INT64_MAX);
}

/// One thread, when a batch has been counted: keeps its entries or drops them, and says so to the host.
MILLRACE_DEVICE inline void finish_batch(const CountJob& job, Verdict* verdict) {
  BatchControl& batch = *job.batch.control;
  PaneControl& pane = *job.pane.control;
  const std::uint64_t largest = batch.largest > pane.largest ? batch.largest : pane.largest;
  std::uint32_t failures = batch.failures;
  if (job.rule.has_sums && !sums_fit(largest, pane.tokens + batch.tokens)) failures |= kSumsMightWrap;
  if (failures == 0) {
    pane.entries_kept = pane.entries;
    pane.tokens += batch.tokens;
    pane.largest = largest;
  } else {
    pane.entries = pane.entries_kept;
  }
  if (pane.text_words > job.pane.text_capacity) pane.text_words = job.pane.text_capacity;
  verdict->failures = failures;
  verdict->rejects = batch.rejects;
  verdict->entries = pane.entries;
  verdict->text_words = pane.text_words;
  verdict->tokens = batch.tokens;
  verdict->spilled = batch.spilled;
  batch = BatchControl{};
}

/// numbers[i] = i, by as many threads as one likes.
MILLRACE_DEVICE inline void number_entries(std::uint32_t* numbers, std::uint32_t n) {
  for (std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    numbers[i] = i;
}

/// Turns the keys of entries back into what they were made of.
MILLRACE_DEVICE inline void unmix_keys(std::uint64_t* keys, std::uint32_t n) {
  for (std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    keys[i] = unmix(keys[i]);
}

}  // namespace millrace::cuda
