// What is done to text many bytes at a time, once for each instruction set; the best is chosen at run time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace millrace {

enum class SimdLevel : std::uint8_t { scalar, sse2, avx2, avx512, neon };
std::string_view to_string(SimdLevel level);

/// A block is 64 bytes; bit i of its mask tells of byte i. Functions read whole blocks.
inline constexpr std::size_t kBlockBytes = 64;
/// What `positions` may write past the positions that it has found.
inline constexpr std::size_t kPositionSlack = 64;

/// Keys are short, medium or long, and each class is counted in its own way: see slots.h.
inline constexpr std::uint32_t kShortKeyMax = 7;
inline constexpr std::uint32_t kMediumKeyMax = 15;

/// Where a key begins, counted from some base, in the lower half; its length in the upper half.
using Place = std::uint32_t;
inline std::uint32_t offset_of(Place place) {
  return place & 0xffff;
}
inline std::uint32_t length_of(Place place) {
  return place >> 16;
}

/// Lists of places that grow at their ends.
struct PlaceLists {
  Place* short_end;
  Place* medium_end;
  Place* long_end;
};
/// What `sort_by_length` may write past the end of each list.
inline constexpr std::size_t kPlaceSlack = 16;

struct TextKernels {
  SimdLevel level;
  /// is_word_byte of token.h, by the rule of white space.
  void (*word_masks)(const char* text, std::size_t blocks, std::uint64_t* masks);
  /// The same by the rule of alphanumeric words.
  void (*alphanumeric_masks)(const char* text, std::size_t blocks, std::uint64_t* masks);
  /// Bytes that are `a` or `b`.
  void (*match_masks)(const char* text, std::size_t blocks, char a, char b, std::uint64_t* masks);
  /// Where the bits are that are set, in order, counted from the first mask. Returns how many.
  /// REQUIRES: blocks <= 1024; kPositionSlack more places than there are positions.
  std::size_t (*positions)(const std::uint64_t* masks, std::size_t blocks, std::uint16_t* at);
  /// Appends each key to the list of its class. `edges` are begin, end, begin, end …; kPositionSlack more may
  /// be read. Returns the new ends.
  PlaceLists (*sort_by_length)(const std::uint16_t* edges, std::size_t keys, PlaceLists to);
  /// Copies, with ASCII letters in lower case.
  void (*fold_case)(const char* text, std::size_t blocks, char* folded);
};

/// Those that this machine can run, the best one first; `scalar` is always the last.
std::span<const TextKernels* const> runnable_kernels();
/// The environment variable that names a level, for tests and measurements.
inline constexpr const char* kSimdVariable = "MILLRACE_SIMD";
/// The best, or what the environment's kSimdVariable names: the choice is made once. Throws ConfigError if
/// that is no level, or one that this machine cannot run.
const TextKernels& text_kernels();

extern const TextKernels kScalarKernels;
/// Those with vectors that this machine can run, the best one first. There is one such function for each
/// kind of processor, and CMake takes its file.
std::vector<const TextKernels*> vector_kernels();

}  // namespace millrace
