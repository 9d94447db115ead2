// What host and device tell each other: arenas, batches and verdicts, as plain data.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <millrace/plan.h>
#include <millrace/types.h>

#include "kernels/hd.h"
#include "kernels/key.h"
#include "kernels/record.h"

namespace millrace::cuda {

/// Value columns and input values that a job on the device may have.
inline constexpr std::uint32_t kColumnsMax = 16;
/// Places in a batch have 28 bits beside a long token's length and hash in one table slot.
inline constexpr std::uint32_t kDeviceBatchBytesMax = std::uint32_t{1} << 28;
/// Threads of a block on a device, and the bytes of text that a thread looks at in each tile.
inline constexpr std::uint32_t kBlockThreads = 1024;
inline constexpr std::uint32_t kThreadBytes = 8;
/// Text past a tile that is loaded with it, so that hardly any token needs more.
inline constexpr std::uint32_t kHaloBytes = 64;

/// Why a batch was not counted. It then left nothing in its pane but texts that nothing refers to.
enum Failure : std::uint32_t {
  kEntriesFull = 1,    ///< the pane's entries
  kTextsFull = 2,      ///< the pane's texts, or their index
  kSumsMightWrap = 4,  ///< the largest value times the number of tokens leaves 64 bits
  kRejectsFull = 8,    ///< the batch's list of rejects
};

/// Counters of a pane, in device memory.
struct PaneControl {
  std::uint32_t entries = 0;       ///< next free one; beyond the capacity while a batch fails
  std::uint32_t entries_kept = 0;  ///< those of batches that were counted
  std::uint32_t text_words = 0;    ///< next free one of `texts`
  std::uint32_t unused = 0;
  std::uint64_t tokens = 0;   ///< of batches that were counted
  std::uint64_t largest = 0;  ///< magnitude of any value in a summed column
};

/// Counters of a batch under way, in device memory; zero between batches.
struct BatchControl {
  std::uint32_t failures = 0;  ///< of Failure
  std::uint32_t rejects = 0;
  std::uint64_t tokens = 0;
  std::uint64_t spilled = 0;  ///< tokens that found no place in a block's table
  std::uint64_t largest = 0;
};

/// What became of a batch; the device writes it into host memory.
struct Verdict {
  std::uint32_t failures = 0;
  std::uint32_t rejects = 0;
  std::uint32_t entries = 0;     ///< of the pane, this batch included
  std::uint32_t text_words = 0;  ///< of the pane
  std::uint64_t tokens = 0;
  std::uint64_t spilled = 0;
};

/// Where the partials of one pane are kept: entries (not yet merged with their equals) in columns, and the
/// texts of long keys, each once. All pointers are the device's.
///
/// A packed key's entry holds mix(bits). A long key's holds mix(kHashedBit | place of its text), so that
/// equal entries are equal texts. A text is: the key's bits, its length, its bytes padded with zeros to a
/// multiple of 8. `slots` finds texts: upper half of the mixed key, lower half the place + 1; 0 is free.
struct PaneArena {
  PaneControl* control = nullptr;
  std::uint64_t* keys = nullptr;
  std::uint64_t* counts = nullptr;
  std::int64_t* values = nullptr;   ///< column-major: value column c begins at c * capacity
  std::uint32_t capacity = 0;       ///< entries
  std::uint32_t text_capacity = 0;  ///< words of 8 bytes
  std::uint64_t* texts = nullptr;
  std::uint64_t* slots = nullptr;
  std::uint32_t slot_mask = 0;
};

/// What all kernels of a job share. `fields.values` points to device memory.
struct CountSpec {
  HashSeed hash;
  KeyedBy keyed_by = KeyedBy::words;
  bool fold_case = false;
  bool alphanumeric = false;
  bool has_sums = false;
  std::uint32_t columns = 0;
  ValueColumn column[kColumnsMax] = {};  // std::array has no operator[] on the device
  std::uint32_t inputs = 0;              ///< values per record or row
  FieldView fields;
};

/// One batch in device memory. Text is aligned to 16 bytes and followed by kSlackBytes that may be read.
struct DeviceBatch {
  const char* text = nullptr;
  std::uint32_t size = 0;
  const std::uint32_t* ends = nullptr;  ///< null: each record ends with '\n'
  bool has_rows = false;                ///< the host has found the keys
  std::uint32_t records = 0;            ///< of `ends`, or rows
  std::uint32_t* breaks = nullptr;      ///< for words with `ends`: bit p is set where a record begins at p
  const std::uint32_t* key_at = nullptr;
  const std::uint32_t* key_length = nullptr;
  const std::int64_t* row_values = nullptr;  ///< column-major: records x inputs
  BatchControl* control = nullptr;
  Reject* rejects = nullptr;  ///< host memory that the device can write
  std::uint32_t rejects_capacity = 0;

  /// The host says where records or rows are.
  MILLRACE_HD bool is_numbered() const { return has_rows || ends != nullptr; }
};

/// Which of the two counting kernels a batch is for.
MILLRACE_HD constexpr bool holds_words(const CountSpec& rule, const DeviceBatch& batch) {
  return rule.keyed_by == KeyedBy::words && !batch.has_rows;
}

/// One launch of a counting kernel.
struct CountJob {
  CountSpec rule;
  DeviceBatch batch;
  PaneArena pane;
  std::uint32_t tiles_per_block = 1;
  std::uint32_t table_slots = 0;  ///< of each block's table in shared memory; a multiple of 4
};

}  // namespace millrace::cuda
