// Division of the memory, and sort and reduce.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/pane_store.h"

#include <algorithm>
#include <bit>
#include <string>

#include "base/partial_bytes.h"
#include "kernels/cuda/row_transfer.h"

namespace millrace::cuda {

ArenaSizes divide_arena(std::size_t bytes, std::size_t panes, std::size_t columns) {
  constexpr std::size_t kEntriesMax = std::size_t{1} << 30;    // numbers of entries have 32 bits, also in CUB
  constexpr std::size_t kTextWordsMax = std::size_t{1} << 31;  // and so have places of texts
  const std::size_t entry = (2 + columns) * sizeof(std::uint64_t);
  const std::size_t entries = bytes / 2 / ((panes + 1) * entry + 2 * sizeof(std::uint32_t));
  // The shortest text takes three words: with a slot for every two words the index is at most two thirds full.
  const std::size_t text_words = bytes / 2 / panes * 2 / (3 * sizeof(std::uint64_t));
  const std::size_t words = std::min(text_words, kTextWordsMax);
  return {static_cast<std::uint32_t>(std::min(entries, kEntriesMax)), static_cast<std::uint32_t>(words),
          static_cast<std::uint32_t>(std::bit_floor(words / 2))};
}

PaneStore::PaneStore(DeviceApi& device, const CountSpec& rule, std::size_t panes, std::size_t bytes,
                     int sort_bits, MemoryBudget& budget, CudaCounters& counters)
    : device_(device), rule_(rule), sort_bits_(sort_bits), budget_(budget), counters_(counters) {
  for (; bytes >= kArenaBytesMin; bytes /= 2)
    if (allocate(panes, divide_arena(bytes, panes, rule.columns))) return;
  throw UnavailableError("the device has no memory left for keys");
}

bool PaneStore::allocate(std::size_t panes, const ArenaSizes& sizes) {
  memory_.clear();
  arenas_.assign(panes, {});
  const auto take_columns = [&](PaneArena& arena) {
    arena.capacity = sizes.entries;
    arena.keys = take<std::uint64_t>(sizes.entries);
    arena.counts = take<std::uint64_t>(sizes.entries);
    arena.values = take<std::int64_t>(std::size_t{sizes.entries} * rule_.columns);
  };
  for (Arena& arena : arenas_) {
    PaneArena& view = arena.view;
    take_columns(view);
    view.control = take<PaneControl>(1);
    view.texts = take<std::uint64_t>(sizes.text_words);
    view.text_capacity = sizes.text_words;
    view.slots = take<std::uint64_t>(sizes.slots);
    view.slot_mask = sizes.slots - 1;
  }
  take_columns(spare_);
  for (std::uint32_t*& numbers : numbers_) numbers = take<std::uint32_t>(sizes.entries);
  scratch_.bytes = device_.scratch_bytes(sizes.entries);
  scratch_.memory = take<std::byte>(scratch_.bytes);
  if (std::ranges::any_of(memory_, [](const DeviceBuffer& buffer) { return !buffer; })) {
    memory_.clear();
    return false;
  }
  for (Arena& arena : arenas_) {
    device_.fill_with_zeros(Stream::compute, arena.view.control, sizeof(PaneControl));
    device_.fill_with_zeros(Stream::compute, arena.view.slots, sizes.slots * sizeof(std::uint64_t));
  }
  return true;
}

// Memory that was not to be had makes the caller give up when it has asked for everything.
template <class T>
T* PaneStore::take(std::size_t n) {
  if (!memory_.empty() && !memory_.back()) return nullptr;
  memory_.emplace_back(device_, std::max<std::size_t>(n, 1) * sizeof(T));
  return memory_.back().as<T>();
}

bool PaneStore::has_room_for(Pane pane) const {
  return of_pane_.contains(pane) || std::ranges::find(arenas_, false, &Arena::taken) != arenas_.end();
}

const PaneArena& PaneStore::arena(Pane pane) {
  if (!of_pane_.contains(pane)) {
    const auto free = std::ranges::find(arenas_, false, &Arena::taken);
    check(free != arenas_.end(), "a pane finds an arena");
    free->taken = true;
    of_pane_.emplace(pane, static_cast<std::size_t>(free - arenas_.begin()));
  }
  return at(pane).view;
}

void PaneStore::note(Pane pane, const Verdict& verdict) {
  Arena& arena = at(pane);
  arena.entries = verdict.entries;
  arena.text_words = verdict.text_words;
  if (verdict.failures == 0) ++arena.batches;
}

bool PaneStore::holds_anything(Pane pane) const {
  return of_pane_.contains(pane) && at(pane).batches > 0;
}

std::size_t PaneStore::held_bytes() const {
  std::size_t bytes = 0;
  for (const Arena& arena : arenas_)
    bytes += arena.entries * partial_bytes(rule_.columns) + arena.text_words * sizeof(std::uint64_t);
  return bytes;
}

bool PaneStore::should_merge(Pane pane) const {
  const Arena& arena = at(pane);
  const std::uint32_t capacity = arena.view.capacity;
  return arena.entries > capacity / 4 * 3 && arena.entries - arena.merged_entries > capacity / 4;
}

bool PaneStore::can_merge(Pane pane) const {
  return at(pane).entries > at(pane).merged_entries;
}

// Sorting only some bits leaves equal keys apart that share those bits with others: they are merged later.
void PaneStore::merge(Pane pane) {
  Arena& arena = at(pane);
  ++counters_.merges;
  arena.entries = arena.merged_entries = reduce(arena, sort_bits_);
}

// Leaves the merged entries in the arena's columns, and their number in its control.
std::uint32_t PaneStore::reduce(Arena& arena, int sort_bits) {
  PaneArena& view = arena.view;
  const std::uint32_t n = arena.entries;
  device_.number_entries(numbers_[0], n);
  const SortBuffers sorted =
      device_.sort({view.keys, spare_.keys, numbers_[0], numbers_[1]}, n, sort_bits, scratch_);
  device_.reduce_counts(sorted, n, view.counts, spare_.counts, &view.control->entries, scratch_);
  for (std::uint32_t c = 0; c < rule_.columns; ++c) {
    const std::size_t begin = std::size_t{c} * view.capacity;
    device_.reduce_values(sorted, n, rule_.column[c].combine, view.values + begin, spare_.values + begin,
                          &view.control->entries, scratch_);
  }
  view.keys = sorted.other_keys;
  spare_.keys = sorted.keys;
  std::swap(view.counts, spare_.counts);
  std::swap(view.values, spare_.values);
  PaneControl control;
  copy_to_host(&control, view.control, sizeof control);
  control.entries_kept = control.entries;
  device_.copy_to_device(Stream::compute, view.control, &control, sizeof control);
  return control.entries;
}

void PaneStore::collect(Pane pane, bool alone, PartialSink& sink) {
  if (!of_pane_.contains(pane)) return;
  Arena& arena = at(pane);
  if (arena.entries > 0) {
    // Unmixed, so that long keys come in the order of their texts.
    device_.unmix_keys(arena.view.keys, arena.entries);
    const std::uint32_t rows = reduce(arena, 64);
    RowTransfer transfer(device_, rule_.columns, rows, budget_);
    counters_.bytes_to_host += transfer.run(arena.view, arena.text_words, rows, alone, sink);
  }
  clear(pane);
}

void PaneStore::clear(Pane pane) {
  Arena& arena = at(pane);
  device_.fill_with_zeros(Stream::compute, arena.view.control, sizeof(PaneControl));
  if (arena.text_words > 0)
    device_.fill_with_zeros(Stream::compute, arena.view.slots,
                            (std::size_t{arena.view.slot_mask} + 1) * sizeof(std::uint64_t));
  arena = {.view = arena.view};
  of_pane_.erase(pane);
}

void PaneStore::copy_to_host(void* to, const void* from, std::size_t bytes) {
  device_.copy_to_host(Stream::compute, to, from, bytes);
  device_.synchronize(Stream::compute);
  counters_.bytes_to_host += bytes;
}

}  // namespace millrace::cuda
