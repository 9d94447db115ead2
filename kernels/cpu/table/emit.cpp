// Rows become columns, chunk by chunk.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/table/emit.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace millrace {
namespace {

constexpr std::size_t kChunkRows = std::size_t{64} << 10;

class Chunks {
 public:
  Chunks(std::size_t rows, std::size_t columns, bool unique, MemoryBudget& budget, PartialSink& sink)
      : rows_left_(rows),
        columns_(columns),
        unique_(unique),
        sink_(sink),
        keys_(std::min(rows, kChunkRows), BudgetAllocator<Key>(budget)),
        texts_(keys_.size(), BudgetAllocator<std::string_view>(budget)),
        counts_(keys_.size(), BudgetAllocator<std::int64_t>(budget)),
        values_(keys_.size() * columns, BudgetAllocator<std::int64_t>(budget)) {}

  void add(Key key, std::string_view text, std::int64_t count, const std::int64_t* values) {
    const std::size_t height = std::min(rows_left_, kChunkRows);  // of the chunk that is being filled
    keys_[filled_] = key;
    texts_[filled_] = text;
    counts_[filled_] = count;
    for (std::size_t c = 0; c < columns_; ++c) values_[c * height + filled_] = values[c];
    if (++filled_ == height) hand_over();
  }

 private:
  void hand_over() {
    Partials partials;
    partials.keys = std::span(keys_).first(filled_);
    partials.texts = std::span(texts_).first(filled_);
    partials.counts = std::span(counts_).first(filled_);
    partials.values = std::span(values_).first(filled_ * columns_);
    partials.unique = unique_;
    rows_left_ -= filled_;
    filled_ = 0;
    sink_.add(partials);
  }

  std::size_t rows_left_;  // those of the chunk at hand included
  std::size_t columns_;
  bool unique_;
  PartialSink& sink_;
  std::size_t filled_ = 0;
  BudgetVector<Key> keys_;
  BudgetVector<std::string_view> texts_;
  BudgetVector<std::int64_t> counts_;
  BudgetVector<std::int64_t> values_;
};

}  // namespace

void emit(std::span<const PaneTable* const> tables, std::size_t columns, MemoryBudget& budget,
          PartialSink& sink) {
  std::size_t rows = 0;
  bool unique = true;
  for (const PaneTable* table : tables) {
    rows += table->rows();
    unique = unique && !table->has_spilled();
  }
  Chunks chunks(rows, columns, unique, budget, sink);
  for (const PaneTable* table : tables)
    table->for_each_row([&](Key key, std::string_view text, std::int64_t count, const std::int64_t* values) {
      chunks.add(key, text, count, values);
    });
}

}  // namespace millrace
