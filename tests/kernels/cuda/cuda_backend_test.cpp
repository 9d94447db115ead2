// What the CUDA backend promises beyond the contract: nothing is copied back, and every fullness is met.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cuda/cuda_backend.h"
#include "tests/kernels/backend_plans.h"
#include "tests/kernels/test_batches.h"
#include "tests/support/fake_device.h"

namespace millrace::cuda::cuda_backend_test {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

/// Small batches, so that the fake is quick.
BackendOptions small(BackendOptions options) {
  if (options.batch_bytes == 0) options.batch_bytes = std::size_t{128} << 10;
  return options;
}

/// A backend on a fake device, and the driver that feeds it.
struct Rig {
  explicit Rig(CudaTuning tuning, Plan job = {}, BackendOptions options = {}, FakeDeviceOptions fake = {})
      : plan(std::move(job)),
        device(std::make_shared<FakeDevice>(fake)),
        backend(make_cuda_backend(device, plan, small(options), tuning)),
        driver(*backend, plan) {}

  void count(TestBatch batch) {
    batches.push_back(std::move(batch));
    driver.submit(batches.back());
    driver.take_back_all();
  }
  std::string difference() { return reference::difference(driver.answer, expected_of(plan, batches)); }

  Plan plan;
  std::shared_ptr<FakeDevice> device;
  std::unique_ptr<CudaBackend> backend;
  Driver driver;
  std::vector<TestBatch> batches;
};

std::string numbered_words(int from, int to, const std::string& suffix) {
  std::string text;
  for (int i = from; i < to; ++i) text += std::to_string(i) + suffix + ' ';
  return text;
}

TEST(CudaBackend, SaysWhatItIs) {
  Rig rig({});
  EXPECT_EQ(rig.backend->name(), "cuda");
  EXPECT_TRUE(rig.backend->may_fail());
  EXPECT_EQ(rig.backend->batch_bytes(), small({}).batch_bytes);
}

TEST(CudaBackend, CopiesNothingBackBeforeAPaneIsCollected) {
  Rig rig({.arena_bytes = 8 * kMiB});
  for (int i = 0; i < 20; ++i)
    rig.count(text_batch(numbered_words(i * 10, i * 10 + 500, "-long-word") + "short a b"));
  EXPECT_EQ(rig.backend->counters().batches, 20U);
  EXPECT_EQ(rig.backend->counters().bytes_to_host, 0U);
  EXPECT_EQ(rig.device->counters().bytes_to_host, 0U);
  EXPECT_EQ(rig.device->counters().sorts, 0U);
  const Gather gather = rig.driver.collect({});
  EXPECT_TRUE(gather.all_unique());
  EXPECT_GT(rig.backend->counters().bytes_to_host, 0U);
  EXPECT_EQ(rig.backend->counters().bytes_to_host, rig.device->counters().bytes_to_host);
  EXPECT_EQ(rig.difference(), "");
}

// Words that begin, end and go on at every place around the edges of tiles, of 512 bytes here.
TEST(CudaBackend, CountsWordsAcrossTheEdgesOfTiles) {
  for (const std::size_t length : {1U, 7U, 8U, 9U, 60U, 64U, 65U, 100U, 511U, 512U, 513U, 1500U, 5000U}) {
    Rig rig({.arena_bytes = kMiB, .table_slots = 64});
    for (std::size_t before = 490; before < 530; ++before)
      rig.count(text_batch(std::string(before - 2, 'x') + ' ' + std::string(length, 'y') + " z\n"));
    rig.driver.collect({});
    EXPECT_EQ(rig.difference(), "") << "words of " << length << " bytes";
  }
}

TEST(CudaBackend, MergesWhenAPaneFillsUp) {
  // Four slots hold next to nothing, so that every token becomes an entry.
  Rig rig({.arena_bytes = kMiB, .table_slots = 4});
  for (int i = 0; i < 30; ++i)
    rig.count(text_batch(numbered_words(0, 900, "") + numbered_words(0, 300, "-long-word")));
  EXPECT_GT(rig.backend->counters().merges, 0U);
  EXPECT_EQ(rig.backend->counters().refused, 0U);
  EXPECT_EQ(rig.backend->counters().on_host, 0U);
  EXPECT_TRUE(rig.driver.collect({}).all_unique());
  EXPECT_EQ(rig.difference(), "");
}

// Entries left apart because a merge looks at few bits only come together at the collect.
TEST(CudaBackend, MergesByFewBitsLoseNothing) {
  for (const int bits : {1, 4, 32, 64}) {
    Rig rig({.arena_bytes = kMiB, .table_slots = 4, .sort_bits = bits});
    for (int i = 0; i < 20; ++i) rig.count(text_batch(numbered_words(0, 1200, "")));
    EXPECT_GT(rig.backend->counters().merges, 0U);
    EXPECT_TRUE(rig.driver.collect({}).all_unique());
    EXPECT_EQ(rig.difference(), "") << bits << " bits";
  }
}

// The batch before which the pane is merged does not fit even then: what lay behind the merged entries stays
// away.
TEST(CudaBackend, ABatchThatFailsAfterAMergeBringsNoOldEntriesBack) {
  Rig rig({.arena_bytes = kMiB, .table_slots = 4});
  for (int i = 0; i < 11; ++i) rig.count(text_batch(numbered_words(0, 900, "")));
  EXPECT_EQ(rig.backend->counters().merges, 0U);
  rig.count(text_batch(numbered_words(10'000, 22'500, "")));
  EXPECT_EQ(rig.backend->counters().merges, 1U);
  EXPECT_EQ(rig.backend->counters().refused, 1U);
  rig.driver.collect({});
  EXPECT_EQ(rig.difference(), "");
}

TEST(CudaBackend, GivesBatchesBackWhenAPaneIsFull) {
  Rig rig({.arena_bytes = kMiB, .table_slots = 64});
  for (int i = 0; i < 30; ++i) rig.count(text_batch(numbered_words(i * 1000, i * 1000 + 1000, "-a-long-word")));
  EXPECT_GT(rig.backend->counters().refused, 0U);
  EXPECT_EQ(rig.backend->counters().on_host, 0U);
  rig.driver.collect({});
  EXPECT_EQ(rig.difference(), "");
}

TEST(CudaBackend, GivesABatchOfAPaneTooManyBack) {
  Plan windows;
  windows.every = std::chrono::seconds(1);
  for (const bool windowed : {false, true}) {
    Rig rig({.arena_bytes = kMiB}, windowed ? windows : Plan{});
    const int panes = windowed ? 2 : 1;
    for (int pane = 0; pane < panes; ++pane) rig.count(text_batch("a b", {pane}));
    EXPECT_EQ(rig.backend->counters().refused, 0U);
    rig.count(text_batch("a b c", {panes}));
    EXPECT_GT(rig.backend->counters().refused, 0U);
    EXPECT_EQ(rig.backend->counters().on_host, 0U);
    for (int pane = 0; pane <= panes; ++pane) rig.driver.collect({pane});
    EXPECT_EQ(rig.difference(), "");
  }
}

TEST(CudaBackend, AMillionLongWordsPassThroughAnArenaOfOneMiB) {
  constexpr int kWords = 250 / MILLRACE_ONE_CASE_IN * 4000;
  Rig rig({.arena_bytes = kMiB, .table_slots = 64}, {}, {.batch_bytes = 64 << 10});
  for (int i = 0; i < kWords; i += 4000) {
    rig.driver.submit(rig.batches.emplace_back(text_batch(numbered_words(i, i + 4000, "-word"))));
    if (rig.batches.size() < 8) continue;
    rig.driver.take_back_all();
    rig.batches.clear();
  }
  rig.driver.take_back_all();
  rig.driver.collect({});
  const auto& rows = rig.driver.answer.panes[{}];
  EXPECT_EQ(rows.size(), std::size_t{kWords});
  EXPECT_TRUE(std::ranges::all_of(rows, [](const auto& row) { return row.second.count == 1; }));
  EXPECT_GT(rig.backend->counters().refused, 0U);
  EXPECT_EQ(rig.backend->counters().on_host, 0U);
}

TEST(CudaBackend, TheHostCountsWhatNoEmptyPaneCanTake) {
  Rig rig({.arena_bytes = kMiB / 4, .table_slots = 64});
  rig.count(text_batch(numbered_words(0, 8000, "-word")));
  EXPECT_EQ(rig.backend->counters().on_host, 1U);
  rig.count(text_batch("0-word and more"));
  EXPECT_EQ(rig.backend->counters().batches, 1U);
  EXPECT_GE(rig.backend->held_bytes(), 8003 * 3 * 8U);
  EXPECT_FALSE(rig.driver.collect({}).all_unique());  // both have "0-word"
  EXPECT_EQ(rig.difference(), "");
}

std::vector<std::string> long_words(int from, int to) {
  std::vector<std::string> words;
  for (int i = from; i < to; ++i) words.push_back(std::to_string(i) + std::string(55, 'w'));
  return words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + ' ';
  return text;
}

// The index of a batch that did not fit must not lead to texts that are there no longer. Some of its words come
// again, with new ones that are written over their places.
TEST(CudaBackend, AnArenaWhoseFirstBatchFailedForgetsItsTexts) {
  Rig rig({.arena_bytes = kMiB}, {}, {.batch_bytes = kMiB});
  rig.count(text_batch(joined(long_words(10'000, 15'000))));
  ASSERT_EQ(rig.backend->counters().on_host, 1U);
  rig.count(text_batch(joined(long_words(20'000, 22'000)) + joined(long_words(10'000, 11'500))));
  ASSERT_EQ(rig.backend->counters().batches, 1U) << "it fits";
  rig.driver.collect({});
  EXPECT_EQ(rig.difference(), "");
}

// Nor may that of a pane before it.
TEST(CudaBackend, AnArenaForgetsTheTextsOfThePaneBefore) {
  Rig rig({.arena_bytes = kMiB});
  for (int pane = 0; pane < 4; ++pane) {
    TestBatch batch = text_batch(joined(long_words(pane * 1000 + 500, pane * 1000 + 2000)), {pane});
    rig.count(std::move(batch));
    rig.driver.collect({pane});
    ASSERT_EQ(rig.difference(), "") << pane;
  }
}

// Rows come in chunks of what a budget affords, 2048 here. Where the texts of a chunk end, the next one says.
TEST(CudaBackend, RowsOfEveryNumberComeInChunks) {
  constexpr int kChunk = 2048;
  for (const int packed : {0, 1, kChunk - 1, kChunk, kChunk + 1})
    for (const int hashed : {0, 1, kChunk - 1, kChunk, kChunk + 1, 6000}) {
      MemoryBudget budget(kMiB);
      Rig rig({.arena_bytes = kMiB}, {}, {.batch_bytes = 64 << 10, .budget = &budget});
      for (int i = 0; i < packed; i += 5000)
        rig.count(text_batch(numbered_words(i, std::min(i + 5000, packed), "")));
      for (int i = 0; i < hashed; i += 4000)
        rig.count(text_batch(numbered_words(i, std::min(i + 4000, hashed), "-a-word")));
      EXPECT_EQ(rig.driver.collect({}).calls(), (packed + hashed + kChunk - 1) / kChunk);
      EXPECT_EQ(rig.backend->counters().on_host, 0U);
      ASSERT_EQ(rig.difference(), "") << packed << " packed keys and " << hashed << " others";
    }
}

TEST(CudaBackend, TheHostCountsBatchesLargerThanABuffer) {
  Rig rig({.arena_bytes = kMiB});
  rig.count(text_batch(std::string(300'000, 'g') + " a a"));
  rig.count(text_batch("a b"));
  EXPECT_EQ(rig.backend->counters().on_host, 1U);
  rig.driver.collect({});
  EXPECT_EQ(rig.difference(), "");
}

TEST(CudaBackend, TheHostCountsBatchesWithMoreBadRecordsThanTheListHolds) {
  Rig rig({.arena_bytes = kMiB}, fields_plan(), {.batch_bytes = kMiB});
  std::string text = "k,1,1\n";
  for (int i = 0; i < 70'000; ++i) text += "bad\n";
  rig.count(text_batch(text));
  EXPECT_EQ(rig.backend->counters().on_host, 1U);
  rig.driver.collect({});
  EXPECT_EQ(rig.difference(), "");
}

TEST(CudaBackend, MessagesOfFourBytesFitAndShorterOnesMayGoToTheHost) {
  for (const std::size_t length : {0U, 1U, 4U}) {
    Rig rig({.arena_bytes = kMiB});
    rig.count(message_batch(std::vector<std::string>(length < 4 ? 40'000 : 30'000, std::string(length, 'm'))));
    EXPECT_EQ(rig.backend->counters().on_host, length < 4 ? 1U : 0U) << length;
    rig.driver.collect({});
    EXPECT_EQ(rig.difference(), "") << "messages of " << length << " bytes";
  }
}

// Rows need more memory than the text that they come from, and not every job has some.
TEST(CudaBackend, TakesMemoryForRowsWhenTheFirstBatchOfThemComes) {
  const TestBatch rows = rows_batch(fields_plan(), {"key"});
  for (const bool enough : {true, false}) {
    std::size_t blocks = 0;
    const std::size_t memory = enough ? 64 * kMiB : kMiB * 5 / 2;
    Rig rig({.arena_bytes = kMiB}, fields_plan(), {.batch_bytes = 128 << 10}, {.memory = memory});
    for (int i = 0; i < 8; ++i) {
      rig.count(text_batch("key,1,1\n"));
      if (i == 0) blocks = rig.device->blocks();
      EXPECT_EQ(rig.device->blocks() > blocks, enough && i > 0) << i;
      rig.count(rows);
    }
    EXPECT_EQ(rig.backend->counters().on_host, enough ? 0U : 8U);
    rig.driver.collect({});
    EXPECT_EQ(rig.difference(), "");
  }
}

TEST(CudaBackend, TakesSmallerArenasWhereMemoryIsShort) {
  unsigned made = 0;
  for (std::size_t memory = kMiB / 2; memory <= 16 * kMiB; memory += memory / 4) {
    const auto device = std::make_shared<FakeDevice>(FakeDeviceOptions{.memory = memory});
    try {
      const auto backend =
          make_cuda_backend(device, Plan{}, {.batch_bytes = 64 << 10}, {.arena_bytes = 32 * kMiB});
      std::vector<TestBatch> batches = {text_batch(numbered_words(0, 3000, "-word"))};
      EXPECT_EQ(reference::difference(answer_of(*backend, Plan{}, batches), expected_of(Plan{}, batches)), "");
      ++made;
    } catch (const UnavailableError&) {
      EXPECT_EQ(made, 0U) << "with " << memory << " bytes there is no memory, and with less there was";
    }
    EXPECT_EQ(device->blocks(), 0U);
  }
  EXPECT_GT(made, 3U);
}

TEST(CudaBackend, SaysWhichJobsItCannotRun) {
  Plan plan = fields_plan();
  for (std::uint32_t i = 0; i < kColumnsMax + 1; ++i) {
    plan.fields.values.push_back(i + 1);
    plan.measures.push_back({Reduction::max, i});
  }
  EXPECT_THROW(Rig({}, plan), UnavailableError);
}

TEST(CudaBackend, OutlivesThePlanThatItWasMadeFrom) {
  auto plan = std::make_unique<Plan>(fields_plan());
  const auto backend =
      make_cuda_backend(std::make_shared<FakeDevice>(), *plan, {.batch_bytes = 4096}, {.arena_bytes = kMiB});
  plan.reset();
  std::vector<TestBatch> batches = {
      text_batch("k,1,1\nlonger-key,2,2\n" + std::string(5000, '\n') + "k,3,3\n")};
  EXPECT_EQ(
      reference::difference(answer_of(*backend, fields_plan(), batches), expected_of(fields_plan(), batches)),
      "");
  EXPECT_EQ(backend->counters().on_host, 1U);
}

TEST(CudaBackend, BuffersMayOutliveIt) {
  MemoryBudget budget(64 * kMiB);
  auto device = std::make_shared<FakeDevice>();
  HostBuffer buffer;
  {
    const auto backend = make_cuda_backend(device, Plan{}, {.batch_bytes = 4096, .budget = &budget}, {});
    buffer = backend->allocate(4096);
  }
  EXPECT_EQ(device->blocks(), 1U);
  buffer.bytes()[0] = std::byte{1};
  buffer = HostBuffer();
  EXPECT_EQ(device->blocks(), 0U);
  EXPECT_EQ(budget.used(), 0U);
}

TEST(CudaBackend, WithoutPinnedMemoryBuffersArePageable) {
  MemoryBudget budget(64 * kMiB);
  const auto device = std::make_shared<FakeDevice>(FakeDeviceOptions{.pinned_memory = 3 * kMiB});
  const auto backend = make_cuda_backend(device, Plan{}, {.batch_bytes = 4096, .budget = &budget}, {});
  const std::size_t before = budget.used();
  {
    const HostBuffer buffer = backend->allocate(8 * kMiB);
    EXPECT_EQ(buffer.bytes().size(), 8 * kMiB);
  }
  EXPECT_EQ(budget.used(), before);
}

}  // namespace
}  // namespace millrace::cuda::cuda_backend_test
