// Made-up words: the same from any side, and spread as promised.
// SPDX-License-Identifier: Apache-2.0
#include "io/generate/generator_source.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <millrace/error.h>

#include "tests/io/source_contract.h"

namespace millrace::testing::generator_source_test {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kAddress = "generate:?words=1003&vocabulary=50k&line=7&seed=9";

SourceList open(const std::string& address, const SourceOptions& options = {}) {
  return io::open_generator(io::parse_uri(address), address, options);
}

/// The text by its definition: word after word.
std::string reference(const std::string& address) {
  const io::GeneratorPlan plan = io::parse_generator(io::parse_uri(address));
  const io::ZipfWords maker(plan);
  std::string text;
  for (std::uint64_t i = 0; i < plan.words; ++i) {
    char word[io::ZipfWords::kRoom];
    text.append(word, maker.append(i, word));
    text += (i + 1) % plan.line == 0 || i + 1 == plan.words ? '\n' : ' ';
  }
  return text;
}

OpenedSources open_generated(const std::string&, const SourceOptions& options) {
  return {open(kAddress, options), nullptr};
}

OpenedSources open_slow(const std::string&, const SourceOptions& options) {
  OpenedSources opened{open("generate:?rate=1&line=100", options), nullptr};
  std::vector<std::byte> first_line(10'000);
  opened.sources[0]->read(first_line, {}, in(1s));
  return opened;
}

INSTANTIATE_TEST_SUITE_P(Generator, SourceContract,
                         ::testing::Values(SourceCase{
                             "Generator", open_generated, open_slow, {reference(kAddress)}}),
                         case_name);

TEST(GeneratorSource, TheTextIsItsDefinition) {
  EXPECT_EQ(drain(open(kAddress), 64 << 10).bytes, reference(kAddress));
  EXPECT_EQ(drain(open("generate:?words=0"), 100).bytes, "");
  EXPECT_EQ(drain(open("generate:?words=1"), 100).texts.size(), 1U);
}

TEST(GeneratorSource, AnySizeOfRoomGivesTheSameRecords) {
  const std::string text = reference(kAddress);
  for (const std::size_t room : {1U, 10U, 40U, 100U, 1000U})
    EXPECT_TRUE(drain(open(kAddress), room).bytes == text);
}

TEST(GeneratorSource, OversizedLinesAreSkippedAndCounted) {
  const Framing framing{Framing::Kind::newline, 25};
  const PlainRecords plain = plain_records(reference(kAddress), framing);
  ASSERT_GT(plain.oversized, 0U);
  ASSERT_GT(plain.texts.size(), 0U);
  for (const std::size_t room : {10U, 1000U}) {
    const Drained drained = drain(open(kAddress, {framing, 1}), room);
    EXPECT_TRUE(drained.bytes == plain.bytes());
    EXPECT_EQ(drained.oversized, plain.oversized);
  }
}

TEST(GeneratorSource, GoesBackToAnyRecord) {
  const auto source = std::move(open(kAddress)[0]);
  const PlainRecords plain = plain_records(reference(kAddress), {});
  for (const std::size_t record : {100U, 3U, 143U, 0U}) {
    source->seek(Marks{{0, static_cast<std::int64_t>(record)}});
    const auto texts = drain(*source, 500).texts;
    EXPECT_TRUE(std::equal(texts.begin(), texts.end(),
                           plain.texts.begin() + static_cast<std::ptrdiff_t>(record), plain.texts.end()));
  }
}

TEST(GeneratorSource, AReaderGoesBackToItsOwnRecordsOnly) {
  const SourceList sources = open(kAddress, {{}, 3});
  Source& second = *sources[1];
  const std::string whole = drain(second, 500).bytes;
  second.seek({});
  EXPECT_EQ(drain(second, 500).bytes, whole) << "from its first on";
  const Partition& own = second.partitions()[0];
  Marks first;
  second.seek({});
  update(first, second);
  for (const std::int64_t record : {first[0].next - 1, own.end + 1})
    EXPECT_THROW(second.seek(Marks{{0, record}}), IoError) << record;
  for (const std::int64_t record : {first[0].next, own.end})
    EXPECT_NO_THROW(second.seek(Marks{{0, record}})) << record;
}

TEST(GeneratorSource, ReadersShareTheRecords) {
  std::vector<std::string> expected = plain_records(reference(kAddress), {}).texts;
  std::ranges::sort(expected);
  for (const unsigned readers : {2U, 5U}) {
    const SourceList sources = open(kAddress, {{}, readers});
    ASSERT_THAT(sources, SizeIs(readers));
    std::vector<std::string> texts = drain(sources, 300).texts;
    std::ranges::sort(texts);
    EXPECT_TRUE(texts == expected);
    for (const auto& source : sources) EXPECT_EQ(source->partitions()[0].name, kAddress);
  }
}

TEST(GeneratorSource, EachRecordIsMadeOnceHoweverManyReadersEachRunHas) {
  std::vector<std::string> expected = plain_records(reference(kAddress), {}).texts;
  std::ranges::sort(expected);
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> texts;
    Resume resume;
    for (int run = 0; run < 4; ++run) {
      SourceOptions options{{}, 1 + static_cast<unsigned>(random() % 7)};
      if (run > 0) options.resume = &resume;
      const SourceList sources = open(kAddress, options);
      Drained drained;
      for (std::size_t reads = run == 3 ? 1000 : random() % 12; reads > 0; --reads)
        read_some(*sources[random() % sources.size()], 200 + random() % 400, drained);
      texts.insert(texts.end(), drained.texts.begin(), drained.texts.end());
      resume = resume_of(sources);
    }
    std::ranges::sort(texts);
    ASSERT_EQ(texts, expected) << "round " << round;
  }
}

TEST(GeneratorSource, WordsFollowZipf) {
  constexpr int kDraws = 400'000;
  for (const double skew : {0.0, 0.7, 1.0, 1.5}) {
    io::GeneratorPlan plan;
    plan.vocabulary = 1000;
    plan.skew = skew;
    const io::ZipfWords maker(plan);
    std::map<std::string, int> counts;
    for (std::uint64_t i = 0; i < kDraws; ++i) {
      char word[io::ZipfWords::kRoom];
      ++counts[std::string(word, maker.append(i, word))];
    }
    std::vector<int> sorted;
    for (const auto& [word, count] : counts) sorted.push_back(count);
    std::ranges::sort(sorted, std::greater());
    EXPECT_TRUE(sorted.size() == 1000 || skew > 1);
    if (skew == 0) {
      EXPECT_NEAR(sorted.front(), kDraws / 1000, 100);
    } else {
      const auto share = [&](double k) {
        const auto integral = [&](double x) {
          return skew == 1 ? std::log(x) : std::pow(x, 1 - skew) / (1 - skew);
        };
        return (integral(k + 1) - integral(k)) / (integral(1001) - integral(1)) * kDraws;
      };
      for (const std::size_t rank : {1U, 2U, 10U})
        EXPECT_NEAR(sorted[rank - 1], share(static_cast<double>(rank)),
                    5 * std::sqrt(share(static_cast<double>(rank))))
            << "skew " << skew << ", rank " << rank;
    }
  }
}

TEST(GeneratorSource, EveryRankHasItsOwnWord) {
  io::GeneratorPlan plan;
  plan.vocabulary = 30'000;
  plan.skew = 0;
  const io::ZipfWords maker(plan);
  std::set<std::string> words;
  for (std::uint64_t i = 0; i < 600'000; ++i) {
    char word[io::ZipfWords::kRoom];
    words.insert(std::string(word, maker.append(i, word)));
  }
  EXPECT_EQ(words.size(), 30'000U);
}

TEST(GeneratorSource, EveryLengthIsPutTogetherRight) {
  for (const char* vocabulary : {"100", "10100", "1010100", "101010100", "1000G"}) {
    const io::GeneratorPlan plan =
        io::parse_generator(io::parse_uri(std::string("generate:?skew=0&vocabulary=") + vocabulary));
    const io::ZipfWords maker(plan);
    std::set<std::string> words;
    for (std::uint64_t i = 0; i < 3000; ++i) {
      char word[io::ZipfWords::kRoom];
      words.emplace(word, maker.append(i, word));
    }
    for (const std::string& word : words) {
      EXPECT_EQ(word.size() % 2, 0U);
      EXPECT_EQ(word.find_first_not_of("abcdefghijklmnopqrstuvwyz"), std::string::npos) << word;
      for (std::size_t i = 0; i < word.size(); ++i)
        EXPECT_EQ(std::string("aeiou").find(word[i]) != std::string::npos, i % 2 == 1) << word;
    }
    EXPECT_GT(words.size(), plan.vocabulary > 10'000 ? 2500U : 99U);
  }
}

TEST(GeneratorSource, AnAddressMeansTheSameTextForEver) {
  const auto line = [](const std::string& keys) { return reference("generate:?words=6&line=6&" + keys); };
  EXPECT_EQ(line("seed=7&skew=0&vocabulary=100"), "te ni ja zu yo se\n");
  EXPECT_EQ(line("seed=7&skew=0&vocabulary=10100"), "tele neqa hune zubu yoga sebo\n");
  EXPECT_EQ(line("seed=7&skew=0&vocabulary=1010100"), "telefa neqale hunaza zububa yogamu sebiza\n");
  EXPECT_EQ(line("seed=7&skew=0&vocabulary=101010100"),
            "telefake neqaleke hunayuzo zububago yogamuve sebizalo\n");
  EXPECT_EQ(line("seed=7&skew=0&vocabulary=1000G"),
            "tasotogafuco neliluzofavi hugakobijefe zocoqagideza yijehohavijo sakayenesusi\n");
  EXPECT_EQ(line("vocabulary=50k"), "bavi jijo pa bado biboju ci\n");
  EXPECT_EQ(line("vocabulary=50k&skew=1.5"), "bi du be bi biqe ba\n");
}

TEST(GeneratorSource, SeedsGiveDifferentTexts) {
  EXPECT_NE(reference("generate:?words=100&seed=1"), reference("generate:?words=100&seed=2"));
}

TEST(GeneratorSource, KeepsItsRate) {
  const auto source = std::move(open("generate:?rate=10k&line=10")[0]);
  std::vector<std::byte> into(100'000);
  std::size_t lines = 0;
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() < start + 200ms) {
    const ReadResult result = source->read(into, {}, start + 200ms);
    lines += static_cast<std::size_t>(std::ranges::count(text_of(std::span(into).first(result.bytes)), '\n'));
  }
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_LE(static_cast<double>(lines), 1000 * took + 2) << "never faster";
  EXPECT_GE(lines, 100U) << "half of it, on a busy machine";
}

// Of three hundred readers each has its part of the rate: after its first line the next is due in six seconds,
// and in twenty milliseconds at the whole rate.
TEST(GeneratorSource, ReadersShareTheRate) {
  const SourceList sources = open("generate:?rate=10k&line=200", {{}, 300});
  std::vector<std::byte> into(10'000);
  EXPECT_EQ(sources[7]->read(into, {}, in(1s)).status, ReadResult::Status::data);
  EXPECT_EQ(sources[7]->read(into, {}, in(40ms)).status, ReadResult::Status::idle);
}

// A wait would have spent the wake.
TEST(GeneratorSource, WhatIsThereIsReturnedWithoutWaitingForMore) {
  const SourceList sources = open("generate:?rate=1&line=5");
  std::vector<std::byte> into(10'000);
  sources[0]->wake();
  EXPECT_EQ(sources[0]->read(into, {}, Deadline::max()).status, ReadResult::Status::data);
  EXPECT_EQ(sources[0]->read(into, {}, Deadline::max()).status, ReadResult::Status::idle);
}

TEST(GeneratorSource, WhoGoesBackIsNotLateNorEarly) {
  const SourceList sources = open("generate:?rate=1&line=10");
  std::vector<std::byte> into(10'000);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(sources[0]->read(into, {}, Instant::min()).status, ReadResult::Status::data);
    EXPECT_EQ(sources[0]->read(into, {}, Instant::min()).status, ReadResult::Status::idle);
    sources[0]->seek({});
  }
}

TEST(GeneratorSource, IsEndlessUnlessWordsAreLimited) {
  EXPECT_TRUE(open("generate:?rate=1")[0]->endless());
  EXPECT_TRUE(open("generate:")[0]->endless());
  EXPECT_FALSE(open("generate:?words=1M")[0]->endless());
}

TEST(GeneratorSource, WaitsAndWakes) {
  for (const auto time : {-1000ms, 20ms}) {
    const OpenedSources opened = open_slow("", {});
    std::vector<std::byte> into(1000);
    EXPECT_EQ(opened.sources[0]->read(into, {}, in(time)).status, ReadResult::Status::idle);
    opened.sources[0]->wake();
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(opened.sources[0]->read(into, {}, start + 60s).status, ReadResult::Status::idle);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
  }
}

TEST(GeneratorSource, AllMistakesAreToldAtOnce) {
  try {
    io::parse_generator(io::parse_uri("generate:?words=many&vocabulary=0&skew=9&line=200k"));
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.problems(), SizeIs(4));
    EXPECT_THAT(error.what(), HasSubstr("words=\"many\" is not a number"));
    EXPECT_THAT(error.what(), HasSubstr("vocabulary must be from 1 to 1000000000000"));
    EXPECT_THAT(error.what(), HasSubstr("line must be from 1 to 100000"));
  }
  for (const char* skew : {"-0.1", "4.1", "nan", "1x", "x", ""})
    EXPECT_THROW(open(std::string("generate:?skew=") + skew), ConfigError) << skew;
  for (const char* most : {"skew=0", "skew=4", "line=1", "line=100k", "vocabulary=1", "vocabulary=1000G"})
    EXPECT_NO_THROW(open(std::string("generate:?") + most)) << most;
  for (const char* more : {"line=0", "line=100001", "vocabulary=1000G1", "words=9223372036854775808"})
    EXPECT_THROW(open(std::string("generate:?") + more), ConfigError) << more;
  EXPECT_THROW(open("generate:words=3"), ConfigError);
  EXPECT_THROW(open("generate:?word=3"), ConfigError);
}

TEST(GeneratorSource, ThatItHasNoEndIsSaidWithTheFirstRead) {
  int said = 0;
  const SourceOptions options{.on_endless = [&] { ++said; }};
  std::vector<std::byte> into(1000);
  for (const char* address : {"generate:?words=3", "generate:"}) {
    const SourceList sources = open(address, options);
    EXPECT_EQ(said, 0);
    for (int i = 0; i < 2; ++i) sources[0]->read(into, {}, in(1s));
  }
  EXPECT_EQ(said, 1);
}

}  // namespace
}  // namespace millrace::testing::generator_source_test
