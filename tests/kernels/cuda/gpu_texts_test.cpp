// Texts that put a device under strain: hot words, distinct words, large batches, buffers filled again at once.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include "tests/kernels/backend_plans.h"
#include "tests/kernels/cuda/gpu_support.h"
#include "tests/kernels/test_batches.h"

namespace millrace::gpu_texts_test {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::string repeated(std::string_view part, std::size_t bytes) {
  std::string text;
  text.reserve(bytes + part.size());
  while (text.size() < bytes) text += part;
  text.resize(bytes);
  return text;
}

/// Words that differ in all their bytes, more or less: `digits` letters for each number.
std::string distinct_words(std::size_t words, std::size_t digits, std::string_view suffix = {}) {
  std::string text;
  text.reserve(words * (digits + suffix.size() + 1));
  for (std::size_t number = 0; number < words; ++number) {
    std::size_t rest = number;
    for (std::size_t d = 0; d < digits; ++d, rest /= 26) text += static_cast<char>('a' + rest % 26);
    text += suffix;
    text += number % 11 == 0 ? '\n' : ' ';
  }
  return text;
}

/// Prose of a kind: a vocabulary of `words`, the first ones much more frequent than the last.
std::string skewed_text(std::size_t bytes, std::size_t words, std::size_t digits, std::uint64_t seed) {
  std::string text;
  text.reserve(bytes + 64);
  for (std::uint64_t state = seed; text.size() < bytes;) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const double u = static_cast<double>(state >> 11) * 0x1p-53;
    std::size_t rest = static_cast<std::size_t>(u * u * u * static_cast<double>(words));
    const std::size_t length = 1 + rest % digits;
    for (std::size_t d = 0; d < length || rest != 0; ++d, rest /= 26)
      text += static_cast<char>('a' + rest % 26);
    text += state % 13 == 0 ? '\n' : ' ';
  }
  text.resize(bytes);
  return text;
}

TEST(GpuTexts, OneHotWord) {
  for (const char* word : {"hot ", "a-hot-word-of-many-letters\n"}) {
    const std::string text = repeated(word, scaled(64 * kMiB));
    for (const std::uint32_t slots : {0U, 4U}) expect_right_counts({text}, {.table_slots = slots});
  }
}

TEST(GpuTexts, AMillionDistinctLongWordsInAnArenaOfOneMiB) {
  const std::string text = distinct_words(scaled(1'000'000), 8, "-and-more-of-it");
  std::vector<std::string_view> pieces = cut(text, 64 << 10);
  expect_right_counts(pieces, {.arena_bytes = kMiB});
  // Some batches are more than an empty pane can take.
  std::vector<std::string_view> uneven = cut(std::string_view(text).substr(0, text.size() / 4), 256 << 10);
  for (const std::string_view piece : cut(std::string_view(text).substr(text.size() / 4), 32 << 10))
    uneven.push_back(piece);
  expect_right_counts(uneven, {.arena_bytes = kMiB});
}

TEST(GpuTexts, DistinctWordsAsOnTheCpu) {
  for (const std::size_t digits : {6U, 9U}) {
    const std::string text = distinct_words(scaled(64 * kMiB) / (digits + 1), digits);
    expect_right_counts(cut(text, 16 * kMiB), {});
    WordSink of_cpu;
    const auto cpu = make_cpu_backend(Plan{}, {.threads = 4});
    Feeder feeder(*cpu, kMiB, of_cpu);
    for (const std::string_view piece : cut(text, kMiB)) feeder.feed(piece);
    feeder.finish();
    WordSink of_gpu;
    const auto gpu = make_gpu_backend(Plan{});
    Feeder gpu_feeder(*gpu, 16 * kMiB, of_gpu);
    for (const std::string_view piece : cut(text, 16 * kMiB)) gpu_feeder.feed(piece);
    gpu_feeder.finish();
    EXPECT_EQ(of_gpu.counts, of_cpu.counts);
    EXPECT_EQ(of_gpu.rows, of_cpu.rows) << describe(gpu->counters());
  }
}

// All blocks look for room for the same texts at the same time, again and again from an empty pane.
TEST(GpuTexts, TheSameLongWordsFromEveryBlock) {
  const std::string text = repeated(distinct_words(1000, 3, "-which-every-block-adds"), scaled(16 * kMiB));
  WordCounts expected;
  expected.add_text(text);
  for (const std::uint32_t slots : {4U, 0U}) {
    const auto backend = make_gpu_backend(Plan{}, {}, {.table_slots = slots});
    for (std::size_t i = 0; i < by_level(40, 2); ++i) {
      WordSink sink;
      Feeder feeder(*backend, text.size(), sink);
      feeder.feed(text);
      feeder.finish();
      ASSERT_EQ(sink.counts, expected)
          << "time " << i << ", slots " << slots << ": " << describe(backend->counters());
      // The last word may be cut, and is then another.
      ASSERT_LE(sink.rows, 1001U) << "a text was kept twice, time " << i << ", slots " << slots;
    }
  }
}

TEST(GpuTexts, LongWordsWhoseHashesAreEqual) {
  const std::string text = repeated(distinct_words(500, 4, "-with-the-same-hash"), scaled(4 * kMiB));
  for (const unsigned bits : {0U, 6U, 12U})
    for (const std::uint32_t slots : {0U, 4U})
      expect_right_counts(cut(text, kMiB), {.table_slots = slots}, {.hash_bits = bits});
}

TEST(GpuTexts, ManyKindsOfWords) {
  for (const std::size_t vocabulary : {100U, 20'000U, 3'000'000U}) {
    const std::string text = skewed_text(scaled(96 * kMiB), vocabulary, 19, test_seed());
    for (const std::uint32_t slots : {0U, 4U, 1024U})
      expect_right_counts(cut(text, 8 * kMiB), {.table_slots = slots});
    expect_right_counts(cut(text, 8 * kMiB), {.arena_bytes = 8 * kMiB});
  }
}

// Places in a batch have 28 bits: the last words of the largest batch have the largest places.
TEST(GpuTexts, TheLargestBatch) {
  const std::size_t bytes = scaled(std::size_t{1} << 28);
  const std::size_t giant = std::min<std::size_t>(bytes / 4, 300'000);
  std::string text = skewed_text(bytes, 50'000, 15, 3);
  text.replace(bytes / 2, giant, giant, 'g');
  const std::string_view last = " the-last-word-of-the-largest-batch the-last-word-of-the-largest-batch";
  std::ranges::copy(last, text.end() - static_cast<std::ptrdiff_t>(last.size()));
  for (const std::uint32_t slots : {0U, 4U})
    expect_right_counts({text, text}, {.table_slots = slots}, {.batch_bytes = bytes});
  text += "y";  // one byte more: the host counts it
  expect_right_counts({text}, {}, {.batch_bytes = bytes});
}

// Buffers come back as soon as the device has read them, and are overwritten at once.
TEST(GpuTexts, BuffersAreOverwrittenAsSoonAsTheyComeBack) {
  const std::string text = skewed_text(scaled(32 * kMiB), 30'000, 15, test_seed() + 1);
  for (const std::size_t bytes : {std::size_t{64} << 10, kMiB, 8 * kMiB}) {
    std::vector<std::string_view> pieces;
    for (std::size_t round = 0; round < by_level(20, 1); ++round)
      for (const std::string_view piece : cut(std::string_view(text).substr(round * 101), bytes))
        pieces.push_back(piece);
    expect_right_counts(pieces, {}, {.batch_bytes = bytes});
  }
}

// The device writes rejects into host memory; more than it has room for make the host count the batch.
TEST(GpuTexts, ManyRejects) {
  const Plan plan = fields_plan();
  for (const std::size_t bad : {60'000U, 70'000U}) {
    std::string text;
    for (std::size_t i = 0; i < bad; ++i)
      text += "bad" + std::to_string(i % 9000) + ",1\nk" + std::to_string(i % 100) + ",1.25,-3\n";
    std::vector<TestBatch> batches(3, text_batch(text));
    const auto backend = make_gpu_backend(plan);
    EXPECT_EQ(reference::difference(answer_of(*backend, plan, batches), expected_of(plan, batches)), "")
        << bad << " rejects: " << describe(backend->counters());
  }
}

TEST(GpuTexts, TwoBackendsSideBySide) {
  const std::string text = skewed_text(scaled(64 * kMiB), 200'000, 12, 5);
  WordCounts expected;
  expected.add_text(text);
  const auto one = make_gpu_backend(Plan{}, {.batch_bytes = kMiB}, {.arena_bytes = 256 * kMiB});
  const auto other =
      make_gpu_backend(Plan{}, {.batch_bytes = kMiB}, {.arena_bytes = 256 * kMiB, .table_slots = 64});
  WordSink sinks[2];
  Feeder first(*one, kMiB, sinks[0]);
  Feeder second(*other, kMiB, sinks[1]);
  std::vector<std::string_view> pieces = cut(text, kMiB);
  for (const std::string_view piece : pieces) {
    first.feed(piece);
    second.feed(piece);
  }
  first.finish();
  second.finish();
  EXPECT_EQ(sinks[0].counts, expected) << describe(one->counters());
  EXPECT_EQ(sinks[1].counts, expected) << describe(other->counters());
}

}  // namespace
}  // namespace millrace::gpu_texts_test
