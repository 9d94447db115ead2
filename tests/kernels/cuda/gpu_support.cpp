// Counts of words, and the feeding of a backend.
// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/cuda/gpu_support.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <random>
#include <sstream>
#include <utility>

#include <gtest/gtest.h>

namespace millrace {
namespace {

constexpr std::string_view kSeparators = " \t\n\v\f\r";
constexpr int kWordsShown = 20;

// By what amounts of work are divided.
std::size_t divisor() {
  const char* level = std::getenv("MILLRACE_TEST_LEVEL");
  if (level == nullptr) return 1;
  return std::string_view(level) == "short" ? 64 : std::string_view(level) == "rehearsal" ? 1024 : 1;
}

bool is_short() {
  return divisor() > 1;
}

// The finaliser of SplitMix64.
std::uint64_t scramble(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
  return bits ^ (bits >> 31);
}

std::string_view shown(std::string_view word) {
  return word.substr(0, 80);
}

std::map<std::string, std::uint64_t> words_of(const std::vector<std::string_view>& pieces) {
  std::map<std::string, std::uint64_t> words;
  for (const std::string_view piece : pieces) {
    for (std::size_t at = piece.find_first_not_of(kSeparators); at != std::string_view::npos;) {
      const std::size_t end = std::min(piece.find_first_of(kSeparators, at), piece.size());
      ++words[std::string(piece.substr(at, end - at))];
      at = piece.find_first_not_of(kSeparators, end);
    }
  }
  return words;
}

std::string differences(const std::map<std::string, std::uint64_t>& actual,
                        const std::map<std::string, std::uint64_t>& expected) {
  std::ostringstream text;
  int differing = 0;
  const auto tell = [&](const std::string& word, std::uint64_t is, std::uint64_t should_be) {
    if (++differing <= kWordsShown)
      text << "\n  \"" << shown(word) << "\" (" << word.size() << " bytes): " << is << " instead of "
           << should_be;
  };
  for (const auto& [word, count] : expected) {
    const auto found = actual.find(word);
    const std::uint64_t is = found == actual.end() ? 0 : found->second;
    if (is != count) tell(word, is, count);
  }
  for (const auto& [word, count] : actual)
    if (!expected.contains(word)) tell(word, count, 0);
  return std::to_string(differing) + " words have another count than they should" + text.str();
}

struct Run {
  WordSink sink;
  cuda::CudaCounters counters;
};

Run count_once(const std::vector<std::string_view>& pieces, const cuda::CudaTuning& tuning,
               const BackendOptions& options, bool keep_words) {
  std::size_t largest = 1;
  for (const std::string_view piece : pieces) largest = std::max(largest, piece.size());
  Run run{WordSink(keep_words), {}};
  const auto backend = make_gpu_backend(Plan{}, options, tuning);
  Feeder feeder(*backend, largest, run.sink);
  for (const std::string_view piece : pieces) feeder.feed(piece);
  feeder.finish();
  run.counters = backend->counters();
  return run;
}

}  // namespace

std::size_t by_level(std::size_t full, std::size_t few) {
  return is_short() ? few : full;
}

std::size_t scaled(std::size_t n) {
  return is_short() ? n / divisor() + 1 : n;
}

std::uint64_t test_seed() {
  static const std::uint64_t seed = [] {
    if (const char* given = std::getenv("MILLRACE_SEED")) return std::strtoull(given, nullptr, 0);
    std::random_device device;
    return (static_cast<unsigned long long>(device()) << 32) | device();
  }();
  return seed;
}

std::unique_ptr<cuda::CudaBackend> make_gpu_backend(const Plan& plan, BackendOptions options,
                                                    cuda::CudaTuning tuning) {
  if (options.hash_seed == 0) options.hash_seed = test_seed();
  if (is_short()) {
    if (options.batch_bytes == 0) options.batch_bytes = std::size_t{1} << 20;
    if (tuning.arena_bytes == 0) tuning.arena_bytes = std::size_t{16} << 20;
  }
  return cuda::make_cuda_backend(cuda::open_cuda_device(), plan, options, tuning);
}

void WordCounts::add_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    while (at < text.size() && text[at] != ' ' && (text[at] < '\t' || text[at] > '\r')) ++at;
    if (at > begin) add(text.substr(begin, at - begin), 1);
    while (at < text.size() && (text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r'))) ++at;
  }
}

void WordCounts::add(std::string_view word, std::uint64_t count) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char byte : word) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  words_ += count;
  sum_ += count * scramble(hash);
  other_sum_ += count * scramble(hash + 0x9e3779b97f4a7c15U * (word.size() + 1));
}

void WordSink::add(const Partials& partials) {
  rows += partials.keys.size();
  for (std::size_t i = 0; i < partials.keys.size(); ++i) {
    const std::uint64_t bits = partials.keys[i].bits;
    char packed[8] = {};
    std::memcpy(packed, &bits, 7);
    const bool hashed = bits >> 63 != 0;
    const std::string_view word = hashed ? partials.texts[i] : std::string_view(packed, bits >> 56 & 7);
    const auto count = static_cast<std::uint64_t>(partials.counts[i]);
    counts.add(word, count);
    if (keep_words_) words[std::string(word)] += count;
  }
}

Feeder::Feeder(Backend& backend, std::size_t capacity, PartialSink& sink) : backend_(backend), sink_(sink) {
  for (std::uint32_t i = 0; i <= backend.in_flight_max(); ++i) {
    buffers_.push_back(backend.allocate(capacity));
    free_.push_back(i);
  }
  sizes_.resize(buffers_.size());
}

void Feeder::feed(std::string_view text) {
  while (free_.empty()) take_back();
  const std::uint32_t buffer = free_.back();
  free_.pop_back();
  const std::span<std::byte> memory = buffers_[buffer].bytes();
  std::memcpy(memory.data(), text.data(), text.size());
  // What follows the batch looks like more of its last word.
  std::memset(memory.data() + text.size(), 'x', std::min(memory.size() - text.size(), kSlackBytes));
  sizes_[buffer] = text.size();
  backend_.submit({.buffer = {buffer}, .pane = {}, .bytes = memory.first(text.size()), .ends = {}, .rows = {}});
}

void Feeder::take_back() {
  const std::optional<Finished> finished = backend_.reclaim(Wait::yes);
  check(finished.has_value(), "a buffer that was submitted comes back");
  const BufferId buffer = finished->buffer;
  if (finished->counted) {
    free_.push_back(buffer.index);
    return;
  }
  backend_.collect({}, sink_);
  backend_.submit({.buffer = buffer,
                   .pane = {},
                   .bytes = buffers_[buffer.index].bytes().first(sizes_[buffer.index]),
                   .ends = {},
                   .rows = {}});
}

void Feeder::settle() {
  while (free_.size() < buffers_.size()) take_back();
}

void Feeder::finish() {
  settle();
  backend_.collect({}, sink_);
}

std::vector<std::string_view> cut(std::string_view text, std::size_t bytes) {
  std::vector<std::string_view> pieces;
  while (text.size() > bytes) {
    const std::size_t separator = text.find_last_of(kSeparators, bytes - 1);
    const std::size_t end = separator == std::string_view::npos ? bytes : separator + 1;
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  pieces.push_back(text);
  return pieces;
}

void expect_right_counts(const std::vector<std::string_view>& pieces, const cuda::CudaTuning& tuning,
                         const BackendOptions& options) {
  WordCounts expected;
  for (const std::string_view piece : pieces) expected.add_text(piece);
  const Run run = count_once(pieces, tuning, options, false);
  std::cerr << "  table_slots " << tuning.table_slots << ", arena " << (tuning.arena_bytes >> 20)
            << " MiB: " << run.sink.rows << " rows, " << describe(run.counters) << '\n';
  if (run.sink.counts == expected) return;
  ADD_FAILURE() << "expected " << expected << ", got " << run.sink.counts;
  const Run again = count_once(pieces, tuning, options, true);
  ADD_FAILURE() << (again.sink.counts == expected ? "a second run was right, so that this is a race; it did: "
                                                  : "a second run was wrong too; it did: ")
                << describe(again.counters) << '\n'
                << differences(again.sink.words, words_of(pieces));
}

std::string describe(const cuda::CudaCounters& counters) {
  std::ostringstream text;
  text << counters.batches << " batches, " << counters.tokens << " tokens, " << counters.spilled << " spilled, "
       << counters.merges << " merges, " << counters.refused << " refused, " << counters.on_host
       << " on the host, " << (counters.bytes_to_device >> 20) << " MiB to the device, "
       << counters.bytes_to_host << " B back";
  return text.str();
}

}  // namespace millrace
