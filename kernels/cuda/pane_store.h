// The partials of all panes on a device: their memory, the merging of equal keys, and the way to the host.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include <millrace/backend.h>

#include "kernels/cuda/buffer.h"
#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/device_api.h"
#include "kernels/cuda/device_types.h"

namespace millrace::cuda {

/// How the memory for partials is divided.
struct ArenaSizes {
  std::uint32_t entries = 0;     ///< per pane
  std::uint32_t text_words = 0;  ///< per pane, of 8 bytes
  std::uint32_t slots = 0;       ///< per pane, a power of two
};

/// Half of `bytes` for entries, half for texts. Every pane has its own; one more set of columns is shared, for
/// sorting and reducing.
ArenaSizes divide_arena(std::size_t bytes, std::size_t panes, std::size_t columns);
/// Less is not worth trying.
inline constexpr std::size_t kArenaBytesMin = std::size_t{256} << 10;

/// Takes all memory when it is made. Throws DeviceError.
class PaneStore {
 public:
  /// Tries with `bytes` of device memory, and with half as long as there is not enough. Throws
  /// UnavailableError.
  PaneStore(DeviceApi& device, const CountSpec& rule, std::size_t panes, std::size_t bytes, int sort_bits,
            MemoryBudget& budget, CudaCounters& counters);

  /// Whether the pane has an arena, or one is free.
  bool has_room_for(Pane pane) const;
  /// The arena of a pane, which takes a free one if it has none yet. REQUIRES: has_room_for(pane).
  const PaneArena& arena(Pane pane);
  /// What the pane's last finished batch said.
  void note(Pane pane, const Verdict& verdict);
  /// Whether batches have been counted into the pane since it was last empty.
  bool holds_anything(Pane pane) const;
  /// See Backend. Equal keys count as often as there are entries of them.
  std::size_t held_bytes() const;
  /// Whether merging is worth its time: much of the pane is full, and much of that was never merged.
  bool should_merge(Pane pane) const;
  /// Whether merging could make any room.
  bool can_merge(Pane pane) const;

  // REQUIRES, of all that follow: no batch of the pane is under way.
  /// Merges equal keys, to make room.
  void merge(Pane pane);
  /// Hands over everything and gives the arena back. `alone`: nobody else hands over keys of the pane.
  void collect(Pane pane, bool alone, PartialSink& sink);
  /// Forgets everything.
  void clear(Pane pane);

 private:
  struct Arena {
    PaneArena view;
    bool taken = false;
    std::uint32_t entries = 0;
    std::uint32_t merged_entries = 0;  ///< what the last merge left
    std::uint32_t text_words = 0;
    std::uint64_t batches = 0;
  };

  bool allocate(std::size_t panes, const ArenaSizes& sizes);
  template <class T>
  T* take(std::size_t n);
  Arena& at(Pane pane) { return arenas_[of_pane_.at(pane)]; }
  const Arena& at(Pane pane) const { return arenas_[of_pane_.at(pane)]; }
  std::uint32_t reduce(Arena& arena, int sort_bits);
  void hand_over(const Arena& arena, std::uint32_t rows, bool unique, PartialSink& sink);
  void copy_to_host(void* to, const void* from, std::size_t bytes);

  DeviceApi& device_;
  const CountSpec& rule_;
  int sort_bits_;
  MemoryBudget& budget_;
  CudaCounters& counters_;
  std::vector<DeviceBuffer> memory_;
  std::vector<Arena> arenas_;
  PaneArena spare_;  ///< columns to reduce into
  std::uint32_t* numbers_[2] = {};
  Scratch scratch_;
  std::map<Pane, std::size_t> of_pane_;
};

}  // namespace millrace::cuda
