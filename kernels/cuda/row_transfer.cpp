// Rows from a device, in chunks that fit the budget.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/row_transfer.h"

#include <algorithm>

#include "kernels/cuda/device/text_layout.h"

namespace millrace::cuda {
namespace {

constexpr std::size_t kChunkRowsMax = std::size_t{1} << 18;
constexpr std::size_t kChunkRowsMin = std::size_t{1} << 10;

std::size_t row_bytes(std::uint32_t columns) {
  return (2 + columns) * sizeof(std::uint64_t);
}

// Chunks take at most about a thirtieth of a small budget.
std::uint32_t chunk_rows(std::uint32_t columns, std::uint32_t rows, const MemoryBudget& budget) {
  const std::size_t affordable = std::max(budget.limit() / 32 / row_bytes(columns), kChunkRowsMin);
  return static_cast<std::uint32_t>(std::min({affordable, kChunkRowsMax, std::size_t{rows}}));
}

std::uint32_t place_of(std::uint64_t bits) {
  return static_cast<std::uint32_t>(bits);
}

}  // namespace

RowTransfer::RowTransfer(DeviceApi& device, std::uint32_t columns, std::uint32_t rows, MemoryBudget& budget)
    : device_(device),
      columns_(columns),
      chunk_rows_(chunk_rows(columns, rows, budget)),
      pinned_(device, chunk_rows_ * row_bytes(columns) + sizeof(std::uint64_t), budget),
      bits_(pinned_.as<std::uint64_t>()),
      counts_(pinned_.as<std::int64_t>((std::size_t{chunk_rows_} + 1) * sizeof(std::uint64_t))),
      values_(counts_ + chunk_rows_),
      texts_(BudgetAllocator<std::uint64_t>(budget)),
      keys_(chunk_rows_, BudgetAllocator<Key>(budget)),
      views_(chunk_rows_, BudgetAllocator<std::string_view>(budget)) {}

std::uint64_t RowTransfer::run(const PaneArena& arena, std::uint32_t text_words, std::uint32_t rows,
                               bool unique, PartialSink& sink) {
  for (std::uint32_t first = 0; first < rows; first += chunk_rows_) {
    const std::uint32_t n = std::min(chunk_rows_, rows - first);
    const bool more = first + n < rows;
    copy_chunk(arena, first, n, more);
    copy_texts(arena, text_words, n, more);
    Partials partials;
    partials.keys = std::span(keys_).first(n);
    partials.texts = std::span(views_).first(n);
    partials.counts = {counts_, n};
    partials.values = {values_, std::size_t{n} * columns_};
    partials.unique = unique;
    sink.add(partials);
  }
  return copied_;
}

void RowTransfer::copy_chunk(const PaneArena& arena, std::uint32_t first, std::uint32_t rows, bool more) {
  copy(bits_, arena.keys + first, (std::size_t{rows} + (more ? 1 : 0)) * sizeof(std::uint64_t));
  copy(counts_, arena.counts + first, rows * sizeof(std::int64_t));
  for (std::uint32_t c = 0; c < columns_; ++c)
    copy(values_ + std::size_t{c} * rows, arena.values + std::size_t{c} * arena.capacity + first,
         rows * sizeof(std::int64_t));
  device_.synchronize(Stream::compute);
}

// Packed keys come first, then the long ones in the order of their texts: those of a chunk lie in one stretch,
// which ends where the next row's text begins.
void RowTransfer::copy_texts(const PaneArena& arena, std::uint32_t text_words, std::uint32_t rows, bool more) {
  const auto first_long = static_cast<std::uint32_t>(
      std::partition_point(bits_, bits_ + rows, [](std::uint64_t bits) { return is_packed(Key{bits}); }) -
      bits_);
  for (std::uint32_t row = 0; row < first_long; ++row) {
    keys_[row] = Key{bits_[row]};
    views_[row] = {};
  }
  if (first_long == rows) return;
  const std::uint32_t begin = place_of(bits_[first_long]);
  const std::uint32_t end = more ? place_of(bits_[rows]) : text_words;
  if (texts_.size() < end - begin) texts_.resize(end - begin);
  copy(texts_.data(), arena.texts + begin, (end - begin) * sizeof(std::uint64_t));
  device_.synchronize(Stream::compute);
  for (std::uint32_t row = first_long; row < rows; ++row) {
    const std::uint64_t* text = texts_.data() + (place_of(bits_[row]) - begin);
    keys_[row] = Key{text[0]};
    views_[row] = {reinterpret_cast<const char*>(text + kTextHeaderWords), text[1]};
  }
}

void RowTransfer::copy(void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  device_.copy_to_host(Stream::compute, to, from, bytes);
  copied_ += bytes;
}

}  // namespace millrace::cuda
