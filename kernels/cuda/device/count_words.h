// Kernel body: finds the words of a batch and counts them, tile by tile.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cuda/device/combiner.h"
#include "kernels/cuda/device/shared_layout.h"
#include "kernels/cuda/device/token_text.h"
#include "kernels/cuda/device/warp.h"
#include "kernels/cuda/device_types.h"
#include "kernels/hd.h"
#include "kernels/token.h"

namespace millrace::cuda {

/// A stretch of text in shared memory, kThreadBytes per thread, with a halo, so that hardly any word needs
/// more. A word belongs to the tile in which it begins. One object per thread, over the same shared memory.
class WordTile {
 public:
  MILLRACE_DEVICE WordTile(const CountJob& job, unsigned char* shared)
      : rule_(job.rule),
        batch_(job.batch),
        text_(text_of(job.rule, job.batch)),
        words_(reinterpret_cast<std::uint64_t*>(shared)),
        starts_(reinterpret_cast<std::uint16_t*>(words_ + tile_groups(blockDim.x))),
        stops_(reinterpret_cast<std::uint8_t*>(starts_ + starts_max(blockDim.x))) {}

  /// The block: loads the tile that begins at `begin` and lists where words start. It has still to wait.
  MILLRACE_DEVICE void load(std::uint32_t begin, std::uint32_t* count) {
    begin_ = begin;
    const std::uint32_t at = begin + threadIdx.x * kThreadBytes;
    const std::uint32_t words = load_group(threadIdx.x);
    if (threadIdx.x < kHaloBytes / kThreadBytes) load_group(blockDim.x + threadIdx.x);

    std::uint32_t before = __shfl_up_sync(kAllLanes, words >> 7, 1);
    if (lane() == 0) {
      before = at > 0 && at <= batch_.size && is_word_byte(batch_.text[at - 1], rule_.alphanumeric) ? 1 : 0;
    }
    std::uint32_t starts = words & (~(words << 1 | before) | breaks(at));
    std::uint32_t next = reserve(count, static_cast<std::uint32_t>(__popc(starts)));
    for (; starts != 0; starts &= starts - 1) {
      const auto bit = static_cast<std::uint32_t>(__ffs(static_cast<int>(starts))) - 1;
      starts_[next++] = static_cast<std::uint16_t>(threadIdx.x * kThreadBytes + bit);
    }
  }

  /// Word number i of the tile.
  MILLRACE_DEVICE TokenText word(std::uint32_t i) const {
    const std::uint32_t start = starts_[i];
    const std::uint32_t groups = tile_groups(blockDim.x);
    std::uint32_t group = (start + 1) / kThreadBytes;
    std::uint32_t stops = stops_[group] & (0xffU << ((start + 1) % kThreadBytes));
    while (stops == 0 && ++group < groups) stops = stops_[group];
    const std::uint32_t stop =
        stops != 0 ? group * kThreadBytes + static_cast<std::uint32_t>(__ffs(static_cast<int>(stops))) - 1
                   : stop_behind(begin_ + groups * kThreadBytes) - begin_;
    // A load may need the eight bytes behind those that it is asked for.
    const bool near = stop + kThreadBytes <= groups * kThreadBytes;
    if (near) return {{words_, false}, start, begin_ + start, stop - start};
    return {text_, begin_ + start, begin_ + start, stop - start};
  }

 private:
  /// Bit i: the byte at `at` + i is a word byte of the batch.
  MILLRACE_DEVICE std::uint32_t word_bytes(std::uint64_t bytes, std::uint32_t at) const {
    const std::uint32_t words = word_bits(bytes, rule_.alphanumeric);
    const std::uint32_t left = batch_.size - at;
    return left >= kThreadBytes ? words : words & ((1U << left) - 1);
  }

  /// Bit i: a record begins at `at` + i.
  MILLRACE_DEVICE std::uint32_t breaks(std::uint32_t at) const {
    if (batch_.breaks == nullptr || at >= batch_.size) return 0;
    return batch_.breaks[at / 32] >> (at % 32) & 0xff;
  }

  /// Loads a group of the tile and returns its word bytes.
  MILLRACE_DEVICE std::uint32_t load_group(std::uint32_t group) {
    const std::uint32_t at = begin_ + group * kThreadBytes;
    std::uint64_t bytes = 0;
    std::uint32_t words = 0;
    if (at < batch_.size) {
      bytes = text_.words[at / kThreadBytes];
      words = word_bytes(bytes, at);
    }
    words_[group] = rule_.fold_case ? millrace::fold_case(bytes) : bytes;
    stops_[group] = static_cast<std::uint8_t>(~words | breaks(at));
    return words;
  }

  /// The end of a word that goes on at `at`, a multiple of kThreadBytes.
  MILLRACE_DEVICE std::uint32_t stop_behind(std::uint32_t at) const {
    for (; at < batch_.size; at += kThreadBytes) {
      const std::uint32_t stops = (~word_bytes(text_.words[at / kThreadBytes], at) | breaks(at)) & 0xff;
      if (stops != 0) return at + static_cast<std::uint32_t>(__ffs(static_cast<int>(stops))) - 1;
    }
    return batch_.size;
  }

  const CountSpec& rule_;
  const DeviceBatch& batch_;
  AlignedText text_;
  std::uint64_t* words_;
  std::uint16_t* starts_;
  std::uint8_t* stops_;  ///< bit i of a group: no word that began before goes on at its byte i
  std::uint32_t begin_ = 0;
};

/// Each block takes tiles_per_block neighbouring tiles, so that its table sees one stretch of the text.
/// `shared` has count_words_shared_bytes.
MILLRACE_DEVICE inline void count_words(const CountJob& job, unsigned char* shared) {
  Combiner combiner(job, shared);
  WordTile tile(job, combiner.behind());
  combiner.clear();
  const std::uint32_t tile_bytes = blockDim.x * kThreadBytes;
  const std::uint32_t first = blockIdx.x * job.tiles_per_block;
  for (std::uint32_t t = first; t < first + job.tiles_per_block && t * tile_bytes < job.batch.size; ++t) {
    __syncthreads();
    if (threadIdx.x == 0) *combiner.units(t + 1) = 0;
    tile.load(t * tile_bytes, combiner.units(t));
    __syncthreads();
    const std::uint32_t words = *combiner.units(t);
    for (std::uint32_t i = threadIdx.x; i - lane() < words; i += blockDim.x) {
      const bool active = i < words;
      combiner.add(active, active ? tile.word(i) : TokenText{}, nullptr);
    }
  }
  __syncthreads();
  combiner.flush();
}

}  // namespace millrace::cuda
