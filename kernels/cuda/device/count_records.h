// Kernel body: counts the keys of records: whole ones, pieces, fields with values, and rows found on the host.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cuda/device/combiner.h"
#include "kernels/cuda/device/shared_layout.h"
#include "kernels/cuda/device/token_text.h"
#include "kernels/cuda/device/warp.h"
#include "kernels/cuda/device_types.h"
#include "kernels/field.h"
#include "kernels/hd.h"
#include "kernels/record.h"

namespace millrace::cuda {

/// One record's keys, one after the other. A thread has one of its own.
class RecordKeys {
 public:
  MILLRACE_DEVICE explicit RecordKeys(const CountJob& job) : rule_(job.rule), batch_(job.batch) {}

  /// Begins with row or record number i, where the host says where those are.
  MILLRACE_DEVICE void open_numbered(std::uint32_t i) {
    if (batch_.has_rows) {
      for (std::uint32_t v = 0; v < rule_.inputs; ++v)
        inputs[v] = batch_.row_values[std::size_t{v} * batch_.records + i];
      key = {batch_.key_at[i], batch_.key_length[i]};
      has_key = true;
      return;
    }
    const std::uint32_t begin = i == 0 ? 0 : batch_.ends[i - 1];
    open({begin, batch_.ends[i] - begin});
  }

  /// Begins with the line that starts at `begin`.
  MILLRACE_DEVICE void open_line(std::uint32_t begin) {
    open(without_carriage_return(batch_.text, {begin, newline_from(begin) - begin}));
  }

  /// Goes on to the record's next key.
  MILLRACE_DEVICE void next() {
    const std::uint32_t stop = key.offset + key.length;
    has_key = rule_.keyed_by == KeyedBy::split && stop < end_;
    if (has_key) key = next_piece(batch_.text, stop + 1, end_, rule_.fields.delimiter);
  }

  Token key;
  bool has_key = false;
  std::int64_t inputs[kColumnsMax];

 private:
  MILLRACE_DEVICE void open(Token record) {
    end_ = record.offset + record.length;
    key = record;
    has_key = true;
    if (rule_.keyed_by == KeyedBy::split) {
      key = next_piece(batch_.text, record.offset, end_, rule_.fields.delimiter);
    } else if (rule_.keyed_by == KeyedBy::fields) {
      const RecordFields fields = read_fields(batch_.text, record, rule_.fields, inputs);
      key = fields.key;
      has_key = fields.counted;
      if (!fields.counted) reject(record, fields.reason);
    }
  }

  MILLRACE_DEVICE std::uint32_t newline_from(std::uint32_t at) const {
    const AlignedText text{reinterpret_cast<const std::uint64_t*>(batch_.text), false};
    for (; at < batch_.size; at += 8) {
      const std::uint32_t newlines = equal_bits(text.load(at), '\n');
      if (newlines == 0) continue;
      const std::uint32_t found = at + static_cast<std::uint32_t>(__ffs(static_cast<int>(newlines))) - 1;
      return found < batch_.size ? found : batch_.size;
    }
    return batch_.size;
  }

  MILLRACE_DEVICE void reject(Token record, RejectReason reason) {
    const std::uint32_t at = atomicAdd(&batch_.control->rejects, 1U);
    if (at < batch_.rejects_capacity) {
      batch_.rejects[at].where = record;
      batch_.rejects[at].reason = reason;
    } else {
      atomicOr(&batch_.control->failures, static_cast<unsigned>(kRejectsFull));
    }
  }

  const CountSpec& rule_;
  const DeviceBatch& batch_;
  std::uint32_t end_ = 0;  ///< of the record; a row has none
};

/// The block: lists where lines begin in the tile at `begin`. It has still to wait.
MILLRACE_DEVICE inline void list_lines(const DeviceBatch& batch, std::uint32_t begin, std::uint16_t* starts,
                                       std::uint32_t* count) {
  const std::uint32_t at = begin + threadIdx.x * kThreadBytes;
  std::uint32_t lines = 0;  // bit i: one begins at `at` + i
  if (at < batch.size) {
    const std::uint64_t bytes = reinterpret_cast<const std::uint64_t*>(batch.text)[at / kThreadBytes];
    const std::uint32_t before = at == 0 || batch.text[at - 1] == '\n' ? 1 : 0;
    lines = (equal_bits(bytes, '\n') << 1 | before) & 0xff;
    const std::uint32_t left = batch.size - at;
    if (left < kThreadBytes) lines &= (1U << left) - 1;
  }
  std::uint32_t next = reserve(count, static_cast<std::uint32_t>(__popc(lines)));
  for (; lines != 0; lines &= lines - 1) {
    const auto bit = static_cast<std::uint32_t>(__ffs(static_cast<int>(lines))) - 1;
    starts[next++] = static_cast<std::uint16_t>(threadIdx.x * kThreadBytes + bit);
  }
}

/// Records that the host has numbered come blockDim.x to a tile; lines come as they lie in tiles of text.
/// `shared` has count_records_shared_bytes.
MILLRACE_DEVICE inline void count_records(const CountJob& job, unsigned char* shared) {
  Combiner combiner(job, shared);
  auto* starts = reinterpret_cast<std::uint16_t*>(combiner.behind());
  combiner.clear();
  const AlignedText text = text_of(job.rule, job.batch);
  const bool numbered = job.batch.is_numbered();
  const std::uint32_t tile_size = numbered ? blockDim.x : blockDim.x * kThreadBytes;
  const std::uint32_t size = numbered ? job.batch.records : job.batch.size;
  const std::uint32_t first = blockIdx.x * job.tiles_per_block;
  for (std::uint32_t t = first; t < first + job.tiles_per_block && t * tile_size < size; ++t) {
    const std::uint32_t begin = t * tile_size;
    std::uint32_t records = size - begin < tile_size ? size - begin : tile_size;
    __syncthreads();
    if (!numbered) {
      if (threadIdx.x == 0) *combiner.units(t + 1) = 0;
      list_lines(job.batch, begin, starts, combiner.units(t));
      __syncthreads();
      records = *combiner.units(t);
    }
    for (std::uint32_t i = threadIdx.x; i - lane() < records; i += blockDim.x) {
      RecordKeys keys(job);
      if (i < records && numbered) keys.open_numbered(begin + i);
      if (i < records && !numbered) keys.open_line(begin + starts[i]);
      for (; __any_sync(kAllLanes, keys.has_key); keys.next())
        combiner.add(keys.has_key, {text, keys.key.offset, keys.key.offset, keys.key.length}, keys.inputs);
    }
  }
  __syncthreads();
  combiner.flush();
}

}  // namespace millrace::cuda
