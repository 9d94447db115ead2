// A block's table in shared memory: it counts tokens where they repeat, and hands on what it cannot hold.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cuda/device/shared_layout.h"
#include "kernels/cuda/device/text_index.h"
#include "kernels/cuda/device/token_text.h"
#include "kernels/cuda/device/warp.h"
#include "kernels/cuda/device_types.h"
#include "kernels/hd.h"
#include "kernels/key.h"
#include "kernels/reduce.h"

namespace millrace::cuda {

// A slot is one 64-bit word, so that a key is there whole or not at all. A packed key stands for itself. A long
// token: bit 63 set, 27 bits of its hash, its length - 8 in 8 bits, its place in the batch in 28. Tokens are
// the same only if their bytes are; the hash spares most comparisons.
inline constexpr std::uint64_t kFreeSlot = std::uint64_t{0x7f} << 56;  // no packed key is that long
inline constexpr std::uint32_t kSlotLengthMax = 8 + 255;

MILLRACE_HD constexpr std::uint64_t long_slot(Key key, std::uint32_t length, std::uint32_t where) {
  return kHashedBit | (key.bits & 0x7ffffff) << 36 | std::uint64_t{length - 8} << 28 | where;
}
MILLRACE_HD constexpr std::uint32_t slot_length(std::uint64_t slot) {
  return (static_cast<std::uint32_t>(slot >> 28) & 0xff) + 8;
}
MILLRACE_HD constexpr std::uint32_t slot_where(std::uint64_t slot) {
  return static_cast<std::uint32_t>(slot) & (kDeviceBatchBytesMax - 1);
}

/// One per thread, over the same shared memory. Functions that say so are called by all threads of the block or
/// all lanes of a warp together. Tokens that find no room in their bucket become entries of the pane at once,
/// one by one; the others when the block is done.
class Combiner {
 public:
  MILLRACE_DEVICE Combiner(const CountJob& job, unsigned char* shared)
      : job_(job),
        texts_(job.pane, job.batch.control),
        counters_(reinterpret_cast<BlockCounters*>(shared)),
        slots_(reinterpret_cast<std::uint64_t*>(counters_ + 1)),
        values_(reinterpret_cast<std::int64_t*>(slots_ + job.table_slots)),
        counts_(reinterpret_cast<std::uint32_t*>(values_ + std::size_t{job.table_slots} * job.rule.columns)) {}

  /// The block. It has still to wait before anyone adds.
  MILLRACE_DEVICE void clear() {
    for (std::uint32_t i = threadIdx.x; i < job_.table_slots; i += blockDim.x) {
      slots_[i] = kFreeSlot;
      counts_[i] = 0;
      for (std::uint32_t c = 0; c < job_.rule.columns; ++c)
        values_[c * job_.table_slots + i] = identity(job_.rule.column[c].combine);
    }
    if (threadIdx.x == 0) *counters_ = {};
  }

  /// The warp. Counts a token for each active lane; `inputs` are the values of its record.
  MILLRACE_DEVICE void add(bool active, const TokenText& token, const std::int64_t* inputs) {
    Key key;
    bool missed = false;
    if (active) {
      const bool packed = token.length <= kPackedBytesMax;
      key = packed ? packed_key(token.load(0), token.length) : token.hash(job_.rule.hash);
      ++tokens_;
      if (job_.rule.has_sums) see_largest(inputs);
      missed = token.length > kSlotLengthMax || !count(key, token, inputs);
    }
    if (!__any_sync(kAllLanes, missed)) return;
    if (missed) ++spilled_;
    append(missed, key, token, 1, [&](std::uint32_t column) { return inputs[job_.rule.column[column].value]; });
  }

  /// The block, after it has waited: makes entries of the table, and adds up what threads have counted. Blocks
  /// begin at different slots, so that they do not all look for room for the same texts at the same time.
  MILLRACE_DEVICE void flush() {
    const std::uint32_t rotation = blockIdx.x * (job_.table_slots / gridDim.x);
    for (std::uint32_t first = 0; first < job_.table_slots; first += blockDim.x) {
      const std::uint32_t i = (first + threadIdx.x + rotation) % job_.table_slots;
      const std::uint64_t slot = first + threadIdx.x < job_.table_slots ? slots_[i] : kFreeSlot;
      const bool used = slot != kFreeSlot;
      const bool is_long = used && (slot & kHashedBit) != 0;
      const TokenText token = is_long ? token_of(slot) : TokenText{};
      append(used, is_long ? token.hash(job_.rule.hash) : Key{slot}, token, used ? counts_[i] : 0,
             [&](std::uint32_t column) { return values_[column * job_.table_slots + i]; });
    }
    atomicAdd(wide(&counters_->tokens), static_cast<unsigned long long>(tokens_));
    atomicAdd(wide(&counters_->spilled), static_cast<unsigned long long>(spilled_));
    atomicMax(wide(&counters_->largest), static_cast<unsigned long long>(largest_));
    __syncthreads();
    if (threadIdx.x != 0) return;
    BatchControl* batch = job_.batch.control;
    atomicAdd(wide(&batch->tokens), static_cast<unsigned long long>(counters_->tokens));
    atomicAdd(wide(&batch->spilled), static_cast<unsigned long long>(counters_->spilled));
    atomicMax(wide(&batch->largest), static_cast<unsigned long long>(counters_->largest));
  }

  MILLRACE_DEVICE std::uint32_t* units(std::uint32_t tile) { return &counters_->units[tile & 1]; }
  /// What follows the table in shared memory.
  MILLRACE_DEVICE unsigned char* behind() const {
    return reinterpret_cast<unsigned char*>(counts_ + job_.table_slots);
  }

 private:
  MILLRACE_DEVICE void see_largest(const std::int64_t* inputs) {
    for (std::uint32_t c = 0; c < job_.rule.columns; ++c) {
      if (job_.rule.column[c].combine != Combine::sum) continue;
      const auto value = static_cast<std::uint64_t>(inputs[job_.rule.column[c].value]);
      const std::uint64_t magnitude = value >> 63 != 0 ? ~value + 1 : value;
      if (magnitude > largest_) largest_ = magnitude;
    }
  }

  /// False if the token's bucket is full of others.
  MILLRACE_DEVICE bool count(Key key, const TokenText& token, const std::int64_t* inputs) {
    const std::uint64_t mixed = mix(key.bits);
    const std::uint64_t mine = is_packed(key) ? key.bits : long_slot(key, token.length, token.where);
    const std::uint32_t buckets = job_.table_slots / kBucketSlots;
    const auto bucket = static_cast<std::uint32_t>((mixed >> 32) * buckets >> 32);
#pragma unroll 1
    for (std::uint32_t i = bucket * kBucketSlots; i < (bucket + 1) * kBucketSlots; ++i) {
      std::uint64_t seen = *const_cast<volatile std::uint64_t*>(slots_ + i);
      if (seen == kFreeSlot) {
        seen = atomicCAS(wide(slots_ + i), static_cast<unsigned long long>(kFreeSlot),
                         static_cast<unsigned long long>(mine));
        if (seen == kFreeSlot) seen = mine;
      }
      if (!is_same(seen, mine, token)) continue;
      atomicAdd(counts_ + i, 1U);
      for (std::uint32_t c = 0; c < job_.rule.columns; ++c)
        combine(values_ + c * job_.table_slots + i, job_.rule.column[c], inputs);
      return true;
    }
    return false;
  }

  MILLRACE_DEVICE bool is_same(std::uint64_t seen, std::uint64_t mine, const TokenText& token) const {
    if (seen == mine) return true;
    return (mine & kHashedBit) != 0 && seen >> 28 == mine >> 28 && same_bytes(token_of(seen), token);
  }

  MILLRACE_DEVICE TokenText token_of(std::uint64_t slot) const {
    return {text_of(job_.rule, job_.batch), slot_where(slot), slot_where(slot), slot_length(slot)};
  }

  /// Sums may wrap here; finish_batch sees that they could have, and drops the batch.
  MILLRACE_DEVICE static void combine(std::int64_t* kept, ValueColumn column, const std::int64_t* inputs) {
    const std::int64_t value = inputs[column.value];
    auto* number = reinterpret_cast<long long*>(kept);
    switch (column.combine) {
      case Combine::sum:
        atomicAdd(reinterpret_cast<unsigned long long*>(kept), static_cast<unsigned long long>(value));
        return;
      case Combine::min: atomicMin(number, static_cast<long long>(value)); return;
      case Combine::max: atomicMax(number, static_cast<long long>(value)); return;
    }
  }

  /// The warp. An entry for each lane that has one.
  template <class Value>
  MILLRACE_DEVICE void append(bool wanted, Key key, const TokenText& token, std::uint32_t count, Value value) {
    const bool is_long = wanted && !is_packed(key);
    std::uint64_t bits = key.bits;
    if (__any_sync(kAllLanes, is_long)) {
      const std::uint32_t place = texts_.place_of(is_long, token, key);
      if (is_long) bits = kHashedBit | place;
    }
    const PaneArena& pane = job_.pane;
    const std::uint32_t at = reserve_one(&pane.control->entries, wanted);
    if (!wanted) return;
    if (at >= pane.capacity) {
      atomicOr(&job_.batch.control->failures, static_cast<unsigned>(kEntriesFull));
      return;
    }
    pane.keys[at] = mix(bits);
    pane.counts[at] = count;
    for (std::uint32_t c = 0; c < job_.rule.columns; ++c)
      pane.values[std::size_t{c} * pane.capacity + at] = value(c);
  }

  const CountJob& job_;
  TextIndex texts_;
  BlockCounters* counters_;
  std::uint64_t* slots_;
  std::int64_t* values_;
  std::uint32_t* counts_;
  std::uint64_t largest_ = 0;
  std::uint32_t tokens_ = 0;
  std::uint32_t spilled_ = 0;
};

}  // namespace millrace::cuda
