// Texts and batches.
// SPDX-License-Identifier: Apache-2.0
#include "bench/gpu/workload.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include <millrace/error.h>

#include "host/backends/batch_loop.h"

namespace millrace::bench {
namespace {

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// Where no real text is at hand: Zipf's law, more or less.
std::string made_up_text(std::size_t bytes) {
  std::string text;
  for (std::uint64_t state = 1; text.size() < bytes;) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const double u = static_cast<double>(state >> 11) * 0x1p-53;
    text += std::to_string(static_cast<std::uint64_t>(u * u * u * 50'000)) + (state >> 60 == 0 ? '\n' : ' ');
  }
  return text;
}

// The last byte that belongs to a whole word, or to what separates words.
std::size_t cut_before(std::string_view text, std::size_t end) {
  if (end >= text.size()) return text.size();
  while (end > 0 && !is_blank(text[end - 1])) --end;
  check(end > 0, "a batch has a blank");
  return end;
}

/// Adds up what is collected.
class Sum final : public PartialSink {
 public:
  void add(const Partials& partials) override {
    rows += partials.keys.size();
    for (const std::int64_t count : partials.counts) words += static_cast<std::uint64_t>(count);
  }
  std::uint64_t rows = 0;
  std::uint64_t words = 0;
};

}  // namespace

Text repeated_text(const std::filesystem::path& folder, const std::string& name, std::size_t bytes) {
  std::ifstream file(folder / (name + ".txt"), std::ios::binary);
  std::string part{std::istreambuf_iterator<char>(file), {}};
  const bool real = !part.empty();
  if (!real) part = made_up_text(std::min<std::size_t>(bytes, std::size_t{4} << 20));
  if (!is_blank(part.back())) part += '\n';
  std::string text;
  text.reserve(bytes + part.size());
  while (text.size() < bytes) text += part;
  text.resize(cut_before(text, bytes));
  return {real ? name : "made-up text instead of " + name, std::move(text)};
}

std::string distinct_words(std::size_t words, unsigned letters) {
  std::string text(words * (letters + 1), ' ');
  char* at = text.data();
  for (std::size_t word = 0; word < words; ++word) {
    // An odd factor permutes the numbers of 32 bits; seven letters of 32 kinds hold them.
    std::uint32_t number = static_cast<std::uint32_t>(word) * 2654435761U;
    for (unsigned i = 0; i < letters; ++i, number >>= 5) *at++ = static_cast<char>('A' + number % 32);
    ++at;
  }
  return text;
}

std::uint64_t count_words(std::string_view text) {
  std::uint64_t words = 0;
  bool before = true;
  for (const char c : text) {
    const bool blank = is_blank(c);
    words += before && !blank ? 1 : 0;
    before = blank;
  }
  return words;
}

Load::Load(Backend& backend, std::string_view text, std::size_t batch_bytes)
    : buffer(backend.allocate(text.size())) {
  std::memcpy(buffer.bytes().data(), text.data(), text.size());
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = cut_before(text, std::min(begin + batch_bytes, text.size()));
    check(end > begin, "words are shorter than batches");
    batches.emplace_back().bytes = buffer.bytes().subspan(begin, end - begin);
    words.push_back(count_words(text.substr(begin, end - begin)));
    begin = end;
  }
}

Feeding feed(Backend& backend, const Load& load, std::uint64_t bytes) {
  Sum sum;
  BatchLoop loop(backend, load.batches, sum);
  Feeding feeding;
  std::uint64_t words = 0;
  const Time begin = now();
  while (feeding.bytes < bytes) {
    const std::size_t batch = loop.submit();
    feeding.bytes += load.batches[batch].bytes.size();
    words += load.words[batch];
  }
  loop.settle();
  feeding.seconds = seconds_since(begin);
  const Time end = now();
  loop.collect();
  feeding.collect_seconds = seconds_since(end);
  feeding.rows = sum.rows;
  check(sum.words == words, "as many words are counted as were given");
  return feeding;
}

}  // namespace millrace::bench
