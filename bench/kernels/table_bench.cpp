// Counting keys in one worker's table, from a vocabulary that fits a cache to one that fits none.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "kernels/cpu/table/key_list.h"
#include "kernels/cpu/table/pane_table.h"
#include "kernels/cpu/word_counter.h"
#include "tests/support/crafted_keys.h"

namespace millrace {
namespace {

constexpr std::size_t kDraws = std::size_t{1} << 20;

/// Keys of one length back to back. They are numbers, spelt with the least digit first.
class Text {
 public:
  Text(std::size_t length, std::size_t keys) : length_(length), bytes_(keys * length + kSlackBytes) {
    for (std::size_t at = 0; at + length <= kStretchBytes; at += length)
      edges_.insert(edges_.end(), {static_cast<std::uint16_t>(at), static_cast<std::uint16_t>(at + length)});
  }

  void set(std::size_t key, std::uint64_t number) {
    // An odd factor permutes the numbers of 30 bits; six letters of 32 kinds hold them.
    number = number * 2'654'435'761U % (std::uint64_t{1} << 30);
    for (std::size_t i = 0; i < length_; ++i, number >>= 5)
      bytes_[key * length_ + i] = static_cast<char>('A' + number % 32);
  }
  void count(std::size_t keys, KeyList& list, PaneTable& table) const {
    const std::size_t per_stretch = edges_.size() / 2;
    for (std::size_t first = 0; first < keys; first += per_stretch) {
      const std::size_t edges = 2 * std::min(per_stretch, keys - first);
      list.begin(bytes_.data() + first * length_);
      std::copy_n(edges_.begin(), edges, list.end());
      list.added(edges);
      list.flush(table, {});
    }
  }

 private:
  std::size_t length_;
  std::vector<char> bytes_;
  std::vector<std::uint16_t> edges_;  // of a stretch
};

// A table that knows every key, and draws from all of them alike.
void count_keys(benchmark::State& bench) {
  const auto length = static_cast<std::size_t>(bench.range(0));
  const auto vocabulary = static_cast<std::uint64_t>(bench.range(1));
  const TableOptions rule{
      .columns = {}, .hash = hash_seed(1, 63), .order = {spread_seed(1)}, .budget = &unlimited_budget()};
  PaneTable table(rule);
  const auto list = std::make_unique<KeyList>();
  {
    Text all(length, vocabulary);
    for (std::uint64_t i = 0; i < vocabulary; ++i) all.set(i, i);
    all.count(vocabulary, *list, table);
  }
  Text draws(length, kDraws);
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < kDraws; ++i) {
    state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    draws.set(i, (state >> 32) * vocabulary >> 32);
  }
  for (auto _ : bench) draws.count(kDraws, *list, table);
  if (table.rows() != vocabulary) bench.SkipWithError("the table has not as many rows as there are keys");
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(kDraws));
}

BENCHMARK(count_keys)
    ->ArgNames({"length", "keys"})
    ->ArgsProduct({{6, 12, 24}, {1'000, 50'000, 1'000'000, 10'000'000}})
    ->Unit(benchmark::kMillisecond);

// A million words that are crafted against a table of another seed, and as many of another origin.
void count_crafted_words(benchmark::State& bench) {
  constexpr std::size_t kWords = 1'000'000;
  const bool crafted = bench.range(0) != 0;
  std::vector<std::string> words = crafted_words(spread_seed(1), crafted ? kWords : 0, 12);
  for (std::size_t i = 0; words.size() < kWords; ++i) words.push_back(std::to_string(1'000'000 + i));
  std::string text;
  for (const std::string& word : words) text += word + ' ';
  const std::size_t size = text.size();
  text.resize(size + kSlackBytes);
  Batch batch;
  batch.bytes = std::as_bytes(std::span(text).first(size));
  std::uint64_t seed = 2;
  for (auto _ : bench) {
    const TableOptions rule{.columns = {},
                            .hash = hash_seed(seed, 63),
                            .order = {spread_seed(seed)},
                            .budget = &unlimited_budget()};
    ++seed;
    PaneTable table(rule);
    WordCounter(WordRule{}, unlimited_budget()).count(batch, table);
    if (table.rows() != kWords) bench.SkipWithError("the table has not as many rows as there are words");
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(kWords));
}

BENCHMARK(count_crafted_words)->ArgName("crafted")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace
