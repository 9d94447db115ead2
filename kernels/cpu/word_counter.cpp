// Stretch by stretch: find the words, sort them by length, count them.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/word_counter.h"

#include <algorithm>

#include "kernels/token.h"

namespace millrace {

WordCounter::WordCounter(WordRule rule, MemoryBudget& budget)
    : rule_(rule),
      kernels_(text_kernels()),
      scratch_(BudgetAllocator<Scratch>(budget)),
      long_word_(BudgetAllocator<char>(budget)) {
  scratch_.emplace_back(kernels_);
}

void WordCounter::count(const Batch& batch, PaneTable& table) {
  if (!batch.ends.empty()) return count_messages(batch, table);
  count_text(reinterpret_cast<const char*>(batch.bytes.data()), batch.bytes.size(), table);
}

void WordCounter::count_text(const char* text, std::size_t size, PaneTable& table) {
  while (size > 0) {
    const std::size_t counted = count_stretch(text, size, table);
    text += counted;
    size -= counted;
  }
}

// Counts the words that end in the first stretch, and returns how far that goes.
std::size_t WordCounter::count_stretch(const char* text, std::size_t size, PaneTable& table) {
  const std::size_t stretch = std::min(size, kStretchBytes);
  KeyList& words = scratch_[0].words;
  words.begin(folded(text, stretch));
  std::uint16_t* const edges = words.end();
  std::size_t found = scratch_[0].scan.word_edges(text, stretch, rule_.alphanumeric, edges);
  std::size_t counted = stretch;
  if (found % 2 != 0) {  // a word reaches the end
    if (stretch == size) {
      edges[found++] = static_cast<std::uint16_t>(stretch);
    } else {
      counted = edges[--found];
      if (counted == 0) return count_long_word(text, size, table);
    }
  }
  words.added(found);
  words.flush(table, {});
  return counted;
}

std::size_t WordCounter::count_long_word(const char* text, std::size_t size, PaneTable& table) {
  const std::uint32_t length = next_token(text, 0, static_cast<std::uint32_t>(size), rule_.alphanumeric).length;
  if (!rule_.fold_case) {
    table.add(text, length, nullptr);
    return length;
  }
  const std::size_t blocks = (length + kBlockBytes - 1) / kBlockBytes;
  long_word_.resize(std::max(long_word_.size(), blocks * kBlockBytes));
  kernels_.fold_case(text, blocks, long_word_.data());
  table.add(long_word_.data(), length, nullptr);
  return length;
}

void WordCounter::count_messages(const Batch& batch, PaneTable& table) {
  const char* text = reinterpret_cast<const char*>(batch.bytes.data());
  std::uint32_t begin = 0;
  for (std::size_t i = 0; i < batch.ends.size();) {
    const std::size_t next = count_short_messages(batch, i, begin, table);
    if (next == i) count_text(text + begin, batch.ends[i] - begin, table);
    i = std::max(next, i + 1);
    begin = batch.ends[i - 1];
  }
}

// Counts the words of those messages that together fit a stretch, and returns the number of the next one.
std::size_t WordCounter::count_short_messages(const Batch& batch, std::size_t first, std::uint32_t begin,
                                              PaneTable& table) {
  const char* text = reinterpret_cast<const char*>(batch.bytes.data()) + begin;
  const std::size_t stretch = std::min(batch.bytes.size() - begin, kStretchBytes);
  Scratch& scratch = scratch_[0];
  scratch.words.begin(folded(text, stretch));
  std::size_t at = 0;
  std::size_t i = first;
  for (; i < batch.ends.size() && batch.ends[i] - begin <= stretch; ++i) {
    const std::size_t size = batch.ends[i] - begin - at;
    std::uint16_t* const edges = scratch.words.end();
    std::size_t found = scratch.scan.word_edges(text + at, size, rule_.alphanumeric, edges);
    if (found % 2 != 0) edges[found++] = static_cast<std::uint16_t>(size);
    for (std::size_t edge = 0; edge < found; ++edge) edges[edge] = static_cast<std::uint16_t>(edges[edge] + at);
    scratch.words.added(found);
    at += size;
  }
  scratch.words.flush(table, {});
  return i;
}

// Where to read the text of keys from: a copy in lower case, if that is the rule.
const char* WordCounter::folded(const char* text, std::size_t size) {
  if (!rule_.fold_case) return text;
  char* copy = scratch_[0].folded.data();
  kernels_.fold_case(text, (size + kBlockBytes - 1) / kBlockBytes, copy);
  return copy;
}

}  // namespace millrace
