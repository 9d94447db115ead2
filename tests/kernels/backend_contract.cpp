// What every backend promises: the reference's answer, whatever comes, within its memory.
// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/backend_contract.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kernels/key.h"

#include "tests/kernels/backend_plans.h"
#include "tests/support/property.h"

namespace millrace {

TEST_P(BackendContract, SaysWhatSuitsIt) {
  const auto backend = make(Plan{});
  EXPECT_FALSE(backend->name().empty());
  EXPECT_GT(backend->batch_bytes(), 0U);
  EXPECT_LE(backend->batch_bytes(), kBatchBytesMax);
  EXPECT_GE(backend->in_flight_max(), 1U);
}

TEST_P(BackendContract, AllocatesMemoryThatCanBeFilledAndReadPastItsEnd) {
  MemoryBudget budget(std::size_t{1} << 30);
  options_.budget = &budget;
  const auto backend = make(Plan{});
  const std::size_t before = budget.used();
  {
    const HostBuffer buffer = backend->allocate(4096);
    ASSERT_EQ(buffer.bytes().size(), 4096U);
    EXPECT_GE(budget.used(), before + 4096 + kSlackBytes);
    std::fill(buffer.bytes().begin(), buffer.bytes().end(), std::byte{'a'});
    unsigned slack = 0;
    for (std::size_t i = 0; i < kSlackBytes; ++i)
      slack += static_cast<unsigned>(buffer.bytes().data()[4096 + i]);
    EXPECT_LE(slack, 255U * kSlackBytes);
  }
  EXPECT_EQ(budget.used(), before);
}

TEST_P(BackendContract, HasNothingToGiveBeforeItGotAnything) {
  const Plan plan;
  const auto backend = make(plan);
  EXPECT_FALSE(backend->reclaim(Wait::no));
  EXPECT_FALSE(backend->reclaim(Wait::yes));
  Driver driver(*backend, plan);
  driver.collect({7});
  EXPECT_TRUE(driver.answer.panes.empty());
}

TEST_P(BackendContract, CountsTextsWithoutWords) {
  for (const char* text : {"", "\n", "   ", " \t\n\v\f\r", "\n\n\n"}) expect_right_words(text);
  expect_right_words(std::string(1000, ' '));
}

TEST_P(BackendContract, CountsWordsOfEveryLength) {
  std::string text;
  for (std::size_t length = 1; length < 140; ++length)
    for (const char letter : {'a', 'b', 'a'})
      text += std::string(length, letter) + (length % 3 == 0 ? "\n" : " ");
  expect_right_words(text);
}

TEST_P(BackendContract, CountsOneByteWords) {
  expect_right_words("a b a\tc\na\va\fb\rc d");
}

/// The keys of all rows, and their texts.
struct KeysAndTexts final : PartialSink {
  void add(const Partials& partials) override {
    for (std::size_t i = 0; i < partials.keys.size(); ++i)
      texts.emplace(partials.keys[i], std::string(partials.texts[i]));
  }
  std::map<Key, std::string> texts;
};

// Partials of two backends become one where a job moves, or is verified: they must have the same keys.
TEST_P(BackendContract, KeysAreThoseOfSeedAndBits) {
  const std::vector<std::string> words = {"seven-b", "eight-by", "fifteen-bytes-x", "sixteen-bytes-xy",
                                          std::string(300, 'w')};
  std::string text;
  for (const std::string& word : words) text += word + ' ';
  for (const auto& [seed, bits] : {std::pair(std::uint64_t{1}, 63U), {2, 63U}, {1, 20U}}) {
    options_.hash_seed = seed;
    options_.hash_bits = bits;
    const auto backend = make(Plan{});
    TestBatch batch = text_batch(text);
    KeysAndTexts found;
    for (bool counted = false; !counted; backend->collect({}, found)) {
      backend->submit(batch.view(0));
      counted = backend->reclaim(Wait::yes)->counted;
    }
    std::map<Key, std::string> expected;
    for (const std::string& word : words) {
      const Key key = make_key(word.data(), static_cast<std::uint32_t>(word.size()), hash_seed(seed, bits));
      expected.emplace(key, is_packed(key) ? std::string() : word);
    }
    EXPECT_EQ(found.texts, expected) << "seed " << seed << ", " << bits << " bits";
  }
}

TEST_P(BackendContract, TellsLongWordsApartThatDifferInOneByte) {
  std::string text;
  for (const std::size_t length : {7U, 8U, 9U, 15U, 16U, 17U, 64U, 65U})
    for (std::size_t at = 0; at < length; ++at) {
      std::string word(length, 'w');
      word[at] = 'v';
      text += word + ' ' + word + ' ' + std::string(length, 'w') + '\n';
    }
  expect_right_words(text);
}

TEST_P(BackendContract, CountsTokensLongerThan64KiB) {
  const std::string giant(70'000, 'g');
  expect_right(Plan{}, {text_batch(giant + " a " + giant + "\n"), text_batch(giant + "h\n" + giant)});
  expect_right(record_plan(), {text_batch(giant + "\n" + giant + "h\n"), text_batch(giant + '\n')});
}

TEST_P(BackendContract, KeepsNulBytesExactly) {
  using namespace std::string_literals;
  expect_right_words("a a\0 a\0\0 \0 \0\0 a\0b 1234567 1234567\0 12345678 12345678\0 \0"s);
}

TEST_P(BackendContract, TakesHighBytesAsWordBytes) {
  expect_right_words(
      "\x80 \xff\xfe caf\xc3\xa9 na\xc3\xafvet\xc3\xa9 \xc2\xa0 \x85 \xff\xff\xff\xff\xff\xff\xff");
}

TEST_P(BackendContract, CountsManyDistinctWords) {
  std::vector<TestBatch> batches;
  for (int b = 0; b < 8; ++b) {
    std::string text;
    for (int i = 0; i < 5000; ++i)
      text += "w" + std::to_string(i * 7919 + b * 2500 * 7919) + (i % 2 ? " " : "-long\n");
    batches.push_back(text_batch(text));
  }
  expect_right(Plan{}, std::move(batches));
}

TEST_P(BackendContract, CountsOneHotWord) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "hot ";
  expect_right(Plan{}, {text_batch(text), text_batch(text), text_batch("cold\n"), text_batch(text)});
}

TEST_P(BackendContract, KeepsPanesApart) {
  expect_right(Plan{},
               {text_batch("a b longer-word", {1}), text_batch("a c", {2}), text_batch("b longer-word", {1}),
                text_batch("d", {-3}), text_batch("a", {2}), text_batch("a", {1'000'000'000'000})});
}

TEST_P(BackendContract, CollectEmptiesOnePaneOnly) {
  const Plan plan;
  const auto backend = make(plan);
  Driver driver(*backend, plan);
  std::vector<TestBatch> batches = {text_batch("a longer-word", {1}), text_batch("b", {2})};
  for (TestBatch& batch : batches) driver.submit(batch);
  driver.take_back_all();
  driver.collect({1});
  EXPECT_FALSE(driver.answer.panes.contains({2}));
  driver.collect({1});
  driver.collect({2});
  driver.collect({2});
  EXPECT_EQ(reference::difference(driver.answer, expected_of(plan, batches)), "");
}

TEST_P(BackendContract, CountsBatchesInFlightWholeBeforeOrAfterACollect) {
  const Plan plan;
  const auto backend = make(plan);
  Driver driver(*backend, plan);
  std::string text;
  for (int i = 0; i < 300; ++i) text += "first ";
  for (int i = 0; i < 300; ++i) text += "second-word ";
  std::vector<TestBatch> batches(40, text_batch(text));
  for (TestBatch& batch : batches) {
    driver.submit(batch);
    driver.collect({});
    const auto& rows = driver.answer.panes[{}];
    const auto count_of = [&](const char* key) { return rows.contains(key) ? rows.at(key).count : 0; };
    EXPECT_TRUE(count_of("first") == count_of("second-word"));
    EXPECT_TRUE(count_of("first") % 300 == 0);
  }
  driver.take_back_all();
  driver.collect({});
  EXPECT_EQ(reference::difference(driver.answer, expected_of(plan, batches)), "");
}

TEST_P(BackendContract, HashCollisionsCostTimeOnly) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "collides-" + std::to_string(i % 700) + (i % 5 == 0 ? "\n" : " ");
  for (const unsigned bits : {4U, 0U, 1U}) {
    options_.hash_bits = bits;
    expect_right(Plan{}, {text_batch(text), text_batch(text), text_batch(text)});
  }
}

TEST_P(BackendContract, FoldsCaseAndKeepsAlphanumericWordsOnly) {
  const std::string text =
      "The the THE it's It'S ISN'T don\xc3\x89t [Zebra] @AZ`{ LONGERWORDS longerwordS a1B2_c3\n";
  for (const bool fold : {false, true})
    for (const bool alphanumeric : {false, true}) {
      Plan plan;
      plan.words = {fold, alphanumeric};
      expect_right(plan,
                   {text_batch(text), text_batch(text + std::string(200, 'Q') + ' ' + std::string(200, 'q'))});
    }
}

TEST_P(BackendContract, SplitsWithEmptyPieces) {
  for (const char delimiter : {' ', ',', '\0', '\x80'}) {
    std::string text = "a,,b, c\n\n,\n , ,\na longer piece,a longer piece\r\n\r\nend";
    text += '\0';
    text += "\x80\x80";
    expect_right(split_plan(delimiter),
                 {text_batch(text), text_batch(""), text_batch("\n"), text_batch("\r\n")});
  }
}

TEST_P(BackendContract, KeysWholeRecords) {
  expect_right(record_plan(), {text_batch("one\ntwo words here\r\n\n\r\none\r\nend without newline"),
                               message_batch({"one", "", "two\nlines", "one\r", std::string(300, 'm')})});
}

TEST_P(BackendContract, RecordEndsSeparateWords) {
  expect_right(Plan{}, {message_batch({"over", "lap", "", "two words", " spaces around ", "over", "lap",
                                       std::string(64, 'x'), std::string(64, 'x'), "end"})});
}

TEST_P(BackendContract, ComputesEveryMeasure) {
  const std::string text =
      "k,1,10.5\nk,-3,0.25\nlonger-key,9223372036854775807,-1\nlonger-key,-1,2.00\n,5,5\nk,+7,-0.75\r\n";
  expect_right(fields_plan(), {text_batch(text), text_batch(text), text_batch("k,0,0\n")});
}

TEST_P(BackendContract, RejectsRecordsWholeAndSaysWhy) {
  expect_right(fields_plan(), {text_batch("k,1,1\nk,1\nk\n\nk,x,1\nk,1,y\nk,1,1.234\nk,99999999999999999999,1\n"
                                          "k,1,99999999999999999999\nk,2,2\nk,,1\nk,1,\nlonger-key,x,x\r\n"),
                               text_batch("k,3,3\n"), message_batch({"k,1,1", "bad", "k,,", "k,4,4"})});
}

TEST_P(BackendContract, RejectsSayWhereTheRecordIs) {
  const Plan plan = fields_plan();
  const auto backend = make(plan);
  TestBatch batch = text_batch("k,1,1\nbad\r\nk,x,1\nk,1,1\n");
  backend->submit(batch.view(5));
  const std::optional<Finished> finished = backend->reclaim(Wait::yes);
  ASSERT_TRUE(finished && finished->counted);
  EXPECT_EQ(finished->buffer, BufferId{5});
  ASSERT_EQ(finished->rejects.size(), 2U);
  EXPECT_EQ(finished->rejects[0].where, (Token{6, 3}));
  EXPECT_EQ(finished->rejects[0].reason, RejectReason::missing_field);
  EXPECT_EQ(finished->rejects[1].where, (Token{11, 5}));
  EXPECT_EQ(finished->rejects[1].reason, RejectReason::malformed);
}

TEST_P(BackendContract, ManyKeysWithValuesStayRight) {
  std::vector<TestBatch> batches;
  for (int b = 0; b < 6; ++b) {
    std::string text;
    for (int i = 0; i < 4000; ++i)
      text += std::to_string((i * 31 + b * 1000) % 9001 * 100'003) + ',' + std::to_string(i - 2000) + ",-" +
              std::to_string(i) + ".25\n";
    batches.push_back(text_batch(text));
  }
  expect_right(fields_plan(), std::move(batches));
}

TEST_P(BackendContract, BuffersCanBeUsedAgain) {
  const Plan plan;
  const auto backend = make(plan);
  Driver driver(*backend, plan);
  reference::Answer expected;
  TestBatch batch;
  for (int i = 0; i < 50; ++i) {
    batch = text_batch("round " + std::to_string(i) + " of-many-rounds");
    reference::count(plan, batch.view(0), expected);
    driver.submit(batch);
    driver.take_back_all();
  }
  driver.collect({});
  EXPECT_EQ(reference::difference(driver.answer, expected), "");
}

// With any limit, the answer is right or a BudgetError comes; and all memory goes back.
TEST_P(BackendContract, StaysInItsBudget) {
  bool failed = false;
  bool succeeded = false;
  for (std::size_t limit = std::size_t{1} << 14; limit <= std::size_t{1} << 26;
       limit += MILLRACE_ONE_CASE_IN == 1 ? limit / 2 : 3 * limit) {
    MemoryBudget budget(limit);
    options_.budget = &budget;
    std::vector<TestBatch> batches;
    for (int b = 0; b < 4; ++b) {
      std::string text;
      for (int i = 0; i < 6000; ++i)
        text += "word" + std::to_string(i * (b + 1)) + (i % 2 ? " " : "-and-more\n");
      batches.push_back(text_batch(text));
    }
    try {
      const auto backend = make(Plan{});
      const reference::Answer actual = answer_of(*backend, Plan{}, batches);
      EXPECT_EQ(reference::difference(actual, expected_of(Plan{}, batches)), "");
      succeeded = true;
    } catch (const BudgetError& error) {
      EXPECT_GT(error.needed(), limit);
      failed = true;
    }
    EXPECT_LE(budget.peak(), limit);
    EXPECT_EQ(budget.used(), 0U);
  }
  EXPECT_TRUE(failed && succeeded);
}

TEST_P(BackendContract, MayGoWithBatchesInFlight) {
  const Plan plan;
  std::vector<TestBatch> batches(20, text_batch(std::string(10'000, 'a') + " b"));
  const auto backend = make(plan);
  std::uint32_t buffer = 0;
  for (TestBatch& batch : batches) backend->submit(batch.view(buffer++));
}

// Neither the cutting into batches nor their order nor their framing nor the hash decides the rows.
TEST_P(BackendContract, AnyCuttingGivesTheSameRows) {
  check_property(GetParam().cuttings, [this] {
    const Plan plan = *any_plan();
    const std::vector<std::string> records = *any_records();
    std::vector<TestBatch> whole = {message_batch(records)};
    std::vector<TestBatch> batches = *any_cutting(records);
    BackendOptions options = options_;
    options.threads = GetParam().threads;
    options.hash_seed = *rc::gen::arbitrary<std::uint64_t>();
    options.hash_bits = *rc::gen::inRange(0U, 64U);
    const auto backend = GetParam().make(plan, options);
    const reference::Answer actual = answer_of(*backend, plan, batches);
    const reference::Answer expected = records.empty() ? reference::Answer{} : expected_of(plan, whole);
    RC_ASSERT(reference::difference(actual, expected) == std::string());
  });
}

}  // namespace millrace
