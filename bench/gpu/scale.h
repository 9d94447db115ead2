// How much is measured: all of it, in a hurry, or hardly anything to see that it works.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::bench {

struct Scale {
  int repeats;                           ///< of each measurement; the median counts
  std::size_t text_bytes;                ///< of each text in memory, made by repeating a shorter one
  std::uint64_t stream_bytes;            ///< that a backend is fed in one measurement
  std::vector<std::size_t> batch_bytes;  ///< of which text_bytes is the largest
  std::size_t distinct_words;
  std::uint64_t file_bytes;
  std::vector<unsigned> readers;
  std::vector<std::size_t> copy_bytes;
  std::vector<std::size_t> sort_entries;
};

inline constexpr std::size_t kKiB = std::size_t{1} << 10;
inline constexpr std::size_t kMiB = std::size_t{1} << 20;

inline Scale full_scale() {
  return {.repeats = 5,
          .text_bytes = 256 * kMiB,
          .stream_bytes = 8192 * kMiB,
          .batch_bytes = {64 * kKiB, 256 * kKiB, kMiB, 4 * kMiB, 16 * kMiB, 64 * kMiB, 256 * kMiB},
          .distinct_words = 100'000'000,
          .file_bytes = 4096 * kMiB,
          .readers = {1, 2, 4, 8, 16},
          .copy_bytes = {64 * kKiB, kMiB, 16 * kMiB, 64 * kMiB, 256 * kMiB},
          .sort_entries = {1 << 20, 1 << 24, 1 << 26}};
}

inline Scale quick_scale() {
  return {.repeats = 3,
          .text_bytes = 64 * kMiB,
          .stream_bytes = 2048 * kMiB,
          .batch_bytes = {64 * kKiB, kMiB, 16 * kMiB, 64 * kMiB},
          .distinct_words = 10'000'000,
          .file_bytes = 1024 * kMiB,
          .readers = {4, 16},
          .copy_bytes = {kMiB, 64 * kMiB},
          .sort_entries = {1 << 20, 1 << 24}};
}

inline Scale rehearsal_scale() {
  return {.repeats = 2,
          .text_bytes = 32 * kKiB,
          .stream_bytes = 64 * kKiB,
          .batch_bytes = {8 * kKiB, 32 * kKiB},
          .distinct_words = 10'000,
          .file_bytes = 64 * kKiB,
          .readers = {1, 2},
          .copy_bytes = {4 * kKiB},
          .sort_entries = {1000}};
}

}  // namespace millrace::bench
