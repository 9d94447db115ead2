// Kernel bodies, each alone on the shim: right in every launch, and within whatever room there is.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/simt.h"
// After the names that kernels use.
#include "kernels/cuda/count_spec.h"
#include "kernels/cuda/device/batch_epilogue.h"
#include "kernels/cuda/device/count_records.h"
#include "kernels/cuda/device/count_words.h"
#include "tests/kernels/backend_plans.h"
#include "tests/kernels/cuda/test_arena.h"

namespace millrace::cuda::kernels_test {
namespace {

struct Launch {
  unsigned threads = 64;
  std::uint32_t tiles_per_block = 1;
  std::uint32_t table_slots = 64;
  unsigned hash_bits = 63;
};

struct Room {
  std::uint32_t entries = 100'000;
  std::uint32_t text_words = 400'000;
  std::uint32_t text_slots = 1U << 16;
  std::uint32_t rejects = 1000;
};

CountSpec rule_of(const Plan& plan, const TestBatch& batch, unsigned hash_bits) {
  CountSpec rule = count_spec(plan, hash_seed(3, hash_bits));
  rule.fields.values = plan.fields.values.data();
  return batch.has_rows ? count_spec_of_rows(rule) : rule;
}

/// One batch counted by one kernel into an arena of its own.
class Counted {
 public:
  Counted(Plan plan, const TestBatch& batch, Launch launch = {}, Room room = {})
      : plan_(std::move(plan)),
        batch_(batch),
        arena(room.entries, room.text_words, room.text_slots,
              static_cast<std::uint32_t>(value_columns(plan_.measures).size())),
        input(batch_, room.rejects),
        job{.rule = rule_of(plan_, batch_, launch.hash_bits),
            .batch = input.view(),
            .pane = arena.view(),
            .tiles_per_block = launch.tiles_per_block,
            .table_slots = launch.table_slots} {
    const bool words = holds_words(job.rule, job.batch);
    if (words && job.batch.ends != nullptr)
      simt::launch(2, 32, 0, [this](unsigned char*) { mark_breaks(job.batch); });
    const bool numbered = !words && job.batch.is_numbered();
    const std::uint32_t tile = launch.threads * (numbered ? 1 : kThreadBytes) * launch.tiles_per_block;
    const unsigned blocks = (numbered ? job.batch.records : job.batch.size) / tile + 1;
    if (words) {
      simt::launch(blocks, launch.threads, count_words_shared_bytes(launch.threads, job.table_slots),
                   [this](unsigned char* shared) { count_words(job, shared); });
    } else {
      simt::launch(blocks, launch.threads,
                   count_records_shared_bytes(launch.threads, job.table_slots, job.rule.columns),
                   [this](unsigned char* shared) { count_records(job, shared); });
    }
  }

  std::string difference() {
    reference::Answer actual = arena.answer(value_columns(plan_.measures));
    for (std::uint32_t i = 0; i < input.control().rejects; ++i) {
      const Reject& reject = input.rejects().at(i);
      actual.rejects.emplace(batch_.bytes.substr(reject.where.offset, reject.where.length), reject.reason);
    }
    reference::Answer expected;
    reference::count(plan_, batch_.view(0), expected);
    return reference::difference(actual, expected);
  }
  std::uint32_t failures() { return input.control().failures; }

 private:
  Plan plan_;
  TestBatch batch_;

 public:
  TestArena arena;
  TestInput input;
  CountJob job;
};

/// Words of all lengths, few of them often and many once, with every kind of byte in them.
std::string any_text(std::size_t words) {
  std::string text;
  for (std::size_t i = 0; i < words; ++i) {
    const std::size_t number = i % 3 == 0 ? i : i % 7;
    std::string word = std::to_string(number) + std::string(number % 23, static_cast<char>('A' + number % 26));
    if (number % 5 == 1) word += std::string("\0\x80\xff", 3);
    text += word + " \n\t"[i % 3];
    if (i % 11 == 0) text += "  ";
  }
  return text + std::string(700, 'l') + " a";
}

TEST(Kernels, WordsAreCountedInAnyLaunch) {
  const std::string text = any_text(600);
  for (const unsigned threads : {32U, 96U, 256U})
    for (const std::uint32_t tiles : {1U, 3U, 100U})
      for (const std::uint32_t slots : {4U, 512U}) {
        Counted counted({}, text_batch(text), {threads, tiles, slots});
        EXPECT_EQ(counted.difference(), "")
            << threads << " threads, " << tiles << " tiles, " << slots << " slots";
        EXPECT_EQ(counted.failures(), 0U);
        EXPECT_TRUE(counted.arena.fences_stand());
      }
}

TEST(Kernels, TheTableCombinesAndSpillsWhatItCannotHold) {
  const TestBatch few = text_batch(any_text(7) + any_text(7) + any_text(7));
  EXPECT_EQ(Counted({}, few, {64, 100, 512}).input.control().spilled, 3U) << "three words of 700 bytes";
  Counted many({}, text_batch(any_text(600)), {64, 100, 4});
  EXPECT_GT(many.input.control().spilled, 200U);
  EXPECT_EQ(many.input.control().tokens, 602U);
  EXPECT_EQ(many.arena.control().entries, many.input.control().spilled + 4);
}

// Same length and same hash, so that only their bytes tell them apart: in a block's table, and in the pane.
TEST(Kernels, LongWordsOfOneHashAreComparedByTheirBytes) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "a-long-word-" + std::to_string(100 + i % 80) + "-of-some-length ";
  for (const unsigned hash_bits : {0U, 4U})
    for (const std::uint32_t slots : {4U, 512U})
      EXPECT_EQ(Counted({}, text_batch(text), {64, 2, slots, hash_bits}).difference(), "")
          << hash_bits << " bits, " << slots << " slots";
}

// A slot of the table has eight bits for the length of a long word, and a packed key none for an eighth byte.
TEST(Kernels, WordsOfEveryLengthThatATableTellsApart) {
  for (const std::size_t length : {6U, 7U, 8U, 9U, 255U, 256U, 257U, 262U, 263U, 264U, 265U, 519U, 520U}) {
    std::string text;
    for (const char last : {'a', 'b', 'a', 'c'}) text += std::string(length - 1, 'w') + last + ' ';
    Counted counted({}, text_batch(text), {64, 100, 64});
    EXPECT_EQ(counted.difference(), "") << "words of " << length << " bytes";
    EXPECT_EQ(counted.input.control().spilled, length > 263 ? 4U : 0U) << length;
  }
}

// Where one word ends and the next begins, at every place of a thread's bytes and of a tile.
TEST(Kernels, WordsMayBeginAndEndAnywhere) {
  for (std::size_t before = 0; before < 20; ++before)
    for (const std::size_t length : {1U, 7U, 8U, 9U, 255U, 256U, 257U, 320U, 330U}) {
      const std::string text =
          std::string(before, ' ') + std::string(length, 'x') + ' ' + std::string(250, 'y');
      Counted counted({}, text_batch(text), {32, 1, 16});
      EXPECT_EQ(counted.difference(), "") << before << " before, length " << length;
    }
}

TEST(Kernels, NoTextAndNoWordsGiveNothing) {
  for (const char* text : {"", " ", "\n\t \v\f\r"}) {
    Counted counted({}, text_batch(text));
    EXPECT_EQ(counted.arena.control().entries, 0U);
    EXPECT_EQ(counted.input.control().tokens, 0U);
  }
}

TEST(Kernels, WordsEndWithTheirRecord) {
  for (const bool alphanumeric : {false, true})
    for (const unsigned threads : {32U, 64U}) {
      Plan plan;
      plan.words = {.fold_case = true, .alphanumeric = alphanumeric};
      std::vector<std::string> records;
      for (std::size_t i = 0; i < 300; ++i)
        records.push_back(i % 13 == 0 ? "" : "Ab" + std::to_string(i % 4) + std::string(i % 37, 'Q'));
      Counted counted(plan, message_batch(records), {threads, 2, 64});
      EXPECT_EQ(counted.difference(), "");
    }
}

TEST(Kernels, RecordsAreCountedInAnyLaunch) {
  std::string lines;
  for (int i = 0; i < 500; ++i)
    lines += "key" + std::to_string(i % 9) + std::string(static_cast<std::size_t>(i % 40), 'k') + ',' +
             std::to_string(i) + ".5," + (i % 50 == 0 ? "bad" : "-7") + (i % 4 == 0 ? "\r\n" : "\n");
  lines += "last,1,2";
  for (const Plan& plan : {record_plan(), split_plan(','), fields_plan()})
    for (const unsigned threads : {32U, 128U})
      for (const std::uint32_t slots : {4U, 256U}) {
        Counted counted(plan, text_batch(lines), {threads, 2, slots});
        EXPECT_EQ(counted.difference(), "") << threads << " threads, " << slots << " slots";
        EXPECT_EQ(counted.failures(), 0U);
        EXPECT_TRUE(counted.arena.fences_stand());
      }
}

TEST(Kernels, RowsAreCountedWhereTheHostSaysThatTheyAre) {
  TestBatch batch = text_batch("one two-and-more three");
  batch.has_rows = true;
  for (std::uint32_t i = 0; i < 200; ++i) {
    batch.key_at.push_back(i % 3 == 0 ? 0 : i % 3 == 1 ? 4 : 17);
    batch.key_length.push_back(i % 3 == 0 ? 3 : i % 3 == 1 ? 12 : i % 5);
  }
  for (std::int64_t i = 0; i < 400; ++i) batch.values.push_back(i * i - 1000);
  Counted counted(rows_plan(), batch, {32, 2, 8});
  EXPECT_EQ(counted.difference(), "");
  EXPECT_EQ(counted.input.control().largest, 399U * 399 - 1000);
}

// Of words and pieces, too: nothing is looked for in them, and no case is folded.
TEST(Kernels, RowsAreCountedWhateverThePlanLooksFor) {
  TestBatch batch = text_batch("One,or two One-And-More,or two\n, ");
  batch.has_rows = true;
  for (const auto& [at, length] : {std::pair(0U, 3U), {0, 10}, {11, 12}, {11, 19}, {30, 3}, {3, 1}, {3, 0}}) {
    batch.key_at.insert(batch.key_at.end(), 40, at);
    batch.key_length.insert(batch.key_length.end(), 40, length);
  }
  Plan words;
  words.words = {.fold_case = true, .alphanumeric = true};
  for (const Plan& plan : {words, split_plan(','), record_plan()})
    for (const std::uint32_t slots : {4U, 64U})
      EXPECT_EQ(Counted(plan, batch, {32, 2, slots}).difference(), "") << to_string(plan.keyed_by);
  for (std::int64_t i = 0; i < 2 * 280; ++i) batch.values.push_back(i * i - 1000);
  EXPECT_EQ(Counted(fields_plan(), batch, {32, 2, 64}).difference(), "");
  batch.key_at = batch.key_length = {};
  Counted none(words, batch);
  EXPECT_EQ(none.input.control().tokens, 0U);
}

// Whatever is full is named, and nothing is written past its end.
TEST(Kernels, EntriesThatDoNotFitFailTheBatch) {
  for (const std::uint32_t entries : {0U, 1U, 100U}) {
    Counted counted({}, text_batch(any_text(600)), {}, {.entries = entries});
    EXPECT_EQ(counted.failures(), kEntriesFull);
    EXPECT_TRUE(counted.arena.fences_stand());
  }
}

TEST(Kernels, TextsThatDoNotFitFailTheBatch) {
  for (const std::uint32_t words : {0U, 2U, 3U, 300U}) {
    Counted counted({}, text_batch(any_text(600)), {}, {.text_words = words});
    EXPECT_EQ(counted.failures(), kTextsFull);
    EXPECT_TRUE(counted.arena.fences_stand());
  }
}

TEST(Kernels, AFullIndexOfTextsFailsTheBatch) {
  for (const std::uint32_t slots : {1U, 16U}) {
    Counted counted({}, text_batch(any_text(600)), {}, {.text_slots = slots});
    EXPECT_EQ(counted.failures(), kTextsFull);
    EXPECT_TRUE(counted.arena.fences_stand());
  }
}

TEST(Kernels, RejectsThatDoNotFitFailTheBatch) {
  std::string lines;
  for (int i = 0; i < 50; ++i) lines += "no values\n";
  Counted fits(fields_plan(), text_batch(lines), {}, {.rejects = 50});
  EXPECT_EQ(fits.failures(), 0U);
  Counted full(fields_plan(), text_batch(lines), {}, {.rejects = 49});
  EXPECT_EQ(full.failures(), kRejectsFull);
  EXPECT_EQ(full.input.rejects().back().where.length, 0U) << "one past the list is untouched";
}

/// finish_batch on counters as a counting kernel leaves them.
Verdict finish(CountJob job) {
  Verdict verdict;
  simt::launch(1, 1, 0, [&](unsigned char*) { finish_batch(job, &verdict); });
  return verdict;
}

TEST(Kernels, AGoodBatchIsKept) {
  Counted counted({}, text_batch("a b a long-enough"), {64, 1, 64});
  const Verdict verdict = finish(counted.job);
  EXPECT_EQ(verdict.failures, 0U);
  EXPECT_EQ(verdict.tokens, 4U);
  EXPECT_EQ(verdict.entries, 3U);
  EXPECT_EQ(verdict.text_words, text_words(11));
  EXPECT_EQ(counted.arena.control().entries_kept, 3U);
  EXPECT_EQ(counted.arena.control().tokens, 4U);
  EXPECT_EQ(counted.input.control().tokens, 0U) << "the next batch begins at zero";
}

TEST(Kernels, ABadBatchLeavesNoEntries) {
  Counted counted({}, text_batch(any_text(600)), {}, {.entries = 100, .text_words = 200});
  counted.arena.control().entries_kept = 5;
  counted.arena.control().tokens = 77;
  const Verdict verdict = finish(counted.job);
  EXPECT_EQ(verdict.failures, kEntriesFull | kTextsFull);
  EXPECT_EQ(counted.arena.control().entries, 5U);
  EXPECT_EQ(counted.arena.control().tokens, 77U);
  EXPECT_EQ(counted.arena.control().text_words, 200U) << "no more than there are";
  EXPECT_EQ(counted.input.control().failures, 0U);
}

TEST(Kernels, ABatchWhoseSumsMightWrapIsRefused) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  struct Case {
    std::int64_t a, b;
    bool fits;
  };
  for (const auto& [a, b, fits] : {Case{kMost / 2, -kMost / 2, true}, Case{kMost / 2 + 1, 0, false},
                                   Case{kMost, kMost, false}, Case{0, kLeast, false}, Case{-1, 1, true}}) {
    TestBatch batch = text_batch("xy");
    batch.has_rows = true;
    batch.key_at = {0, 1};
    batch.key_length = {1, 1};
    batch.values = {a, b};
    Plan plan;
    plan.keyed_by = KeyedBy::rows;
    plan.row_values = 1;
    plan.measures = {{Reduction::sum, 0}};
    Counted counted(plan, batch);
    EXPECT_EQ(finish(counted.job).failures, fits ? 0U : kSumsMightWrap) << a << ' ' << b;
  }
}

// The pane has what earlier batches gave it: the batch fits alone, and no longer there.
TEST(Kernels, SumsMightWrapOverAPanesBatches) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  struct Case {
    std::uint64_t tokens, largest;
    bool fits;
  };
  for (const auto& [tokens, largest, fits] :
       {Case{0, kMost, true}, Case{1, 0, true}, Case{2, kMost / 3, true}, Case{2, kMost / 3 + 1, false},
        Case{1, kMost / 2 + 1, false}, Case{kMost / 7 - 1, 0, true}, Case{kMost / 7, 0, false},
        Case{std::uint64_t{1} << 63, std::uint64_t{1} << 63, false}}) {
    TestBatch batch = text_batch("x");
    batch.has_rows = true;
    batch.key_at = {0};
    batch.key_length = {1};
    batch.values = {-7};
    Plan plan;
    plan.keyed_by = KeyedBy::rows;
    plan.row_values = 1;
    plan.measures = {{Reduction::sum, 0}};
    Counted counted(plan, batch);
    PaneControl& pane = counted.arena.control();
    pane.tokens = tokens;
    pane.largest = largest;
    EXPECT_EQ(finish(counted.job).failures, fits ? 0U : kSumsMightWrap) << tokens << ' ' << largest;
    EXPECT_EQ(pane.tokens, fits ? tokens + 1 : tokens);
    EXPECT_EQ(pane.largest, fits ? std::max<std::uint64_t>(largest, 7) : largest);
  }
}

TEST(Kernels, RecordsBeginAfterEndsInsideTheBatch) {
  std::vector<std::string> records(100, "ab");
  records.emplace_back(61, 'c');
  const TestBatch batch = message_batch(records);
  TestInput input(batch, 0);
  simt::launch(2, 32, 0, [&](unsigned char*) { mark_breaks(input.view()); });
  for (std::uint32_t at = 0; at < batch.bytes.size(); ++at)
    EXPECT_EQ(input.view().breaks[at / 32] >> (at % 32) & 1, at > 0 && at <= 200 && at % 2 == 0 ? 1U : 0U)
        << at;
}

}  // namespace
}  // namespace millrace::cuda::kernels_test
