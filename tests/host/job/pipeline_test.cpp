// Jobs on real threads: windows, host functions, failures, draining, budgets, latency of an idle stream.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include <millrace/millrace.h>
#include <millrace/testing/hooked.h>

#include "tests/host/job/memory_jobs.h"

namespace millrace::pipeline_test {
namespace {

using namespace std::chrono_literals;
using testing::HookedSink;
using testing::HookedSource;
using testing::MemorySink;
using testing::MemorySource;

constexpr std::size_t kWords = 20'000 / MILLRACE_ONE_CASE_IN;

std::string random_text(std::size_t words, unsigned seed, std::map<std::string, std::int64_t>& truth) {
  std::mt19937 random(seed);
  std::string bytes;
  for (std::size_t i = 0; i < words; ++i) {
    const std::string word = "w" + std::to_string(random() % 5000) + std::string(random() % 12, 'x');
    ++truth[word];
    bytes += word + (random() % 8 == 0 ? "\n" : " ");
  }
  return bytes;
}

TEST(Pipeline, CountsTheSameForAnyBatchSizeThreadsAndReaders) {
  std::map<std::string, std::int64_t> truth;
  const std::string first = random_text(kWords, 1, truth);
  const std::string second = random_text(kWords, 2, truth);
  for (const std::size_t batch_bytes : {64UL, 4096UL, 1UL << 20}) {
    for (const unsigned threads : {1U, 3U}) {
      const auto sink = std::make_shared<MemorySink>();
      Job job{.from_sources = {text(first), text(second)}, .to_sinks = {sink}};
      job.options.batch_bytes = batch_bytes;
      job.options.threads = threads;
      const Summary summary = run(std::move(job));
      EXPECT_EQ(totals(*sink), truth) << batch_bytes << " bytes, " << threads << " threads";
      EXPECT_EQ(summary.progress.tokens, 2 * kWords);
      EXPECT_EQ(summary.progress.bytes_read, first.size() + second.size());
      EXPECT_FALSE(summary.partial);
    }
  }
}

// A word job's records are words, however long the lines are.
TEST(Pipeline, ALimitOfRecordsClosesBatchesAndChangesNothing) {
  std::map<std::string, std::int64_t> truth;
  std::string input = random_text(kWords, 3, truth);
  std::ranges::replace(input, '\n', ' ');
  for (const std::size_t batch_records : {0UL, 1UL, 1000UL}) {
    const auto sink = std::make_shared<MemorySink>();
    Job job{.from_sources = {text(input)}, .to_sinks = {sink}};
    job.options.max_record_bytes = 100;
    job.options.batch_records = batch_records;
    const Summary summary = run(job);
    EXPECT_EQ(totals(*sink), truth) << batch_records;
    EXPECT_EQ(summary.progress.rejected_total(), 0U);
    EXPECT_GE(summary.progress.batches, batch_records == 0 ? 1 : kWords / batch_records);
  }
}

// Empty records take no room in a batch, but their ends do.
TEST(Pipeline, EmptyRecordsFillABatchToo) {
  const auto sink = std::make_shared<MemorySink>();
  constexpr std::size_t kRecords = 10'000'000 / MILLRACE_ONE_CASE_IN;
  Job job = read(text(std::string(kRecords, '\n'))).count_by_value().write(sink);
  job.options.memory = std::size_t{16} << 20;
  job.options.threads = 1;
  job.options.batch_bytes = std::size_t{64} << 10;
  job.options.batch_records = std::size_t{1} << 30;
  job.options.batch_time = 1h;
  run(job);
  EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"", kRecords}}));
}

TEST(Pipeline, EmptyInputIsAnEmptyResult) {
  const auto sink = std::make_shared<MemorySink>();
  run(Job{.from_sources = {text("")}, .to_sinks = {sink}});
  ASSERT_EQ(sink->epochs().size(), 1U);
  EXPECT_TRUE(sink->epochs().begin()->second.empty());
}

TEST(Pipeline, ARecordLongerThanABatchIsCountedWhole) {
  const std::string giant(100'000, 'g');
  const auto sink = std::make_shared<MemorySink>();
  Job job{.from_sources = {text("a " + giant + " a\n" + giant)}, .to_sinks = {sink}};
  job.options.batch_bytes = 64;
  run(std::move(job));
  EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"a", 2}, {giant, 2}}));
}

TEST(Pipeline, ATooLongRecordIsCountedAsRejected) {
  const auto sink = std::make_shared<MemorySink>();
  Job job{.from_sources = {text("a " + std::string(500, 'g') + " b")}, .to_sinks = {sink}};
  job.options.max_record_bytes = 100;
  const Summary summary = run(job);
  EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"a", 1}, {"b", 1}}));
  EXPECT_EQ(summary.progress.rejected[static_cast<std::size_t>(RejectReason::oversized)], 1U);
  job.options.on_bad_record = OnBadRecord::stop;
  EXPECT_THROW(run(job), BadRecordError);
}

// Later epochs have none of what was told with the first.
TEST(Pipeline, ATooLongRecordIsRejectedOnceThoughManyEpochsFollow) {
  MemorySource* feed = nullptr;
  const auto sink = std::make_shared<MemorySink>();
  Job job{.from_sources = {memory([&](MemorySource& source) { feed = &source; }, false)}, .to_sinks = {sink}};
  job.plan.every = 5ms;
  job.options.max_record_bytes = 100;
  RunningJob running = start(std::move(job));
  feed->push(std::string(500, 'g') + '\n');
  for (std::size_t epoch = 1; epoch <= 3; ++epoch) {
    feed->push("word\n");
    while (sink->epochs().size() < epoch) std::this_thread::sleep_for(1ms);
  }
  feed->finish();
  EXPECT_EQ(running.wait().progress.rejected_total(), 1U);
  EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"word", 3}}));
}

TEST(Pipeline, BadFieldsAreRejectedByReason) {
  const auto sink = std::make_shared<MemorySink>();
  Job job = read(text("a,1.5\nb\na,x\r\na,99999999999999999999\r\nb,-2.25\n"))
                .fields({.delimiter = ',', .key = 1, .value = 2, .scale = 2})
                .sum()
                .write(sink);
  const Summary summary = run(job);
  EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"a", 150}, {"b", -225}}));
  EXPECT_EQ(summary.progress.rejected_total(), 3U);
  job.options.on_bad_record = OnBadRecord::stop;
  try {
    run(job);
    FAIL() << "the first one ends the job";
  } catch (const BadRecordError& error) {
    EXPECT_STREQ(error.what(), "bad record, missing field: \"b\" (memory at offset 6)");
  }
}

TEST(Pipeline, HostFunctionsSeeWholeRecordsWithoutTheirEnds) {
  const auto sink = std::make_shared<MemorySink>();
  Job job = read(text("one two\r\n\nskip\nthree\n"))
                .filter([](std::string_view record) { return record != "skip"; })
                .map([](std::string_view record) { return "<" + std::string(record) + ">"; })
                .count_by_value()
                .write(sink);
  job.options.batch_bytes = 64;
  run(job);
  EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"<one two>", 1}, {"<>", 1}, {"<three>", 1}}));
}

TEST(Pipeline, PairsAreReducedByKey) {
  const auto sink = std::make_shared<MemorySink>();
  const Job job =
      read(text("a 3\nb 4\na -5\n"))
          .map([](std::string_view record) {
            return std::pair(std::string(record.substr(0, 1)), std::stol(std::string(record.substr(2))));
          })
          .reduce_by_key(Reduction::min)
          .write(sink);
  run(job);
  EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"a", -5}, {"b", 4}}));
}

TEST(Pipeline, AnErrorOfTheUsersFunctionEndsTheJob) {
  const Job job = read(text("a\nb\n"))
                      .map([](std::string_view record) -> std::string {
                        if (record == "b") throw std::runtime_error("no b, please");
                        return std::string(record);
                      })
                      .words()
                      .count()
                      .write(std::make_shared<MemorySink>());
  EXPECT_THROW(run(job), std::runtime_error);
}

TEST(Pipeline, WindowsCloseOnAnIdleSource) {
  MemorySource* feed = nullptr;
  const auto sink = std::make_shared<MemorySink>();
  Job job{.from_sources = {memory([&](MemorySource& source) { feed = &source; }, false)}, .to_sinks = {sink}};
  job.plan.every = 20ms;
  RunningJob running = start(std::move(job));
  feed->push("tick tick\n");
  while (sink->epochs().empty()) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"tick", 2}}));
  feed->push("tock\n");
  feed->finish();
  running.wait();
  const auto epochs = sink->epochs();
  ASSERT_EQ(epochs.size(), 2U);
  const Window first = epochs.begin()->second.front().window.value();
  EXPECT_EQ(first.end - first.start, 20ms);
  EXPECT_EQ(first.start.time_since_epoch() % 20ms, 0ms);
  EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"tick", 2}, {"tock", 1}}));
}

TEST(Pipeline, StopCountsWhatWasReadAndSaysSo) {
  MemorySource* feed = nullptr;
  const auto sink = std::make_shared<MemorySink>();
  Job job{.from_sources = {memory([&](MemorySource& source) { feed = &source; }, false)}, .to_sinks = {sink}};
  RunningJob running = start(std::move(job));
  feed->push("a b a\n");
  while (running.progress().bytes_read < 6) std::this_thread::sleep_for(1ms);
  running.stop();
  EXPECT_TRUE(running.wait().partial);
  EXPECT_TRUE(sink->told().partial);
  EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"a", 2}, {"b", 1}}));
}

class EndlessSource final : public MemorySource {
 public:
  using MemorySource::MemorySource;
  bool endless() const override { return true; }
};

TEST(Pipeline, WhatEndlessInputHasGivenIsWholeWhenDrained) {
  for (const bool with_finite : {false, true}) {
    const auto sink = std::make_shared<MemorySink>();
    Job job{.from_sources = {[](const SourceOptions& options) {
              auto source = std::make_unique<EndlessSource>(options.framing);
              source->push("a b a\n");
              SourceList list;
              list.push_back(std::move(source));
              return list;
            }},
            .to_sinks = {sink}};
    if (with_finite) job.from_sources.push_back(memory([](MemorySource& source) { source.push("b\n"); }));
    RunningJob running = start(std::move(job));
    while (running.progress().bytes_read < (with_finite ? 8U : 6U)) std::this_thread::sleep_for(1ms);
    running.stop();
    EXPECT_EQ(running.wait().partial, with_finite);
    EXPECT_EQ(sink->told().partial, with_finite);
    EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"a", 2}, {"b", with_finite ? 2 : 1}}));
  }
}

// A sink that holds one file would be emptied by it.
TEST(Pipeline, SinksHearOnlyOfEpochsThatShowSomething) {
  std::string bytes;
  for (int i = 0; i < 2'000; ++i) bytes += "a,1\nb,x\n";
  const auto sink = std::make_shared<MemorySink>();
  Job job{.from_sources = {text(bytes)}, .to_sinks = {sink}};
  job.plan.keyed_by = KeyedBy::fields;
  job.plan.fields.values = {2};
  job.plan.measures = {{Reduction::sum, 0}};
  job.options.commit_every = 1ns;
  job.options.batch_bytes = 64;
  const Summary summary = run(std::move(job));
  EXPECT_GT(summary.progress.epochs, 1U);
  EXPECT_EQ(sink->begins(), 1U);
  EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"a", 2'000}}));
}

TEST(Pipeline, ASinkWhoseReaderHasGoneCostsTheOthersNothing) {
  for (const std::string_view step : {"begin", "write", "finish"}) {
    const auto close = [step](std::string_view call) {
      if (call == step) throw OutputClosed("nobody reads");
    };
    const auto gone = std::make_shared<MemorySink>();
    const auto left = std::make_shared<HookedSink>(gone, close);
    const auto stays = std::make_shared<MemorySink>();
    std::map<std::string, std::int64_t> truth;
    Job job{.from_sources = {text(random_text(kWords, 1, truth))}, .to_sinks = {left, stays}};
    run(job);
    EXPECT_EQ(totals(*stays), truth);
    EXPECT_EQ(gone->abandons(), 1U);
    job.to_sinks = {left};
    EXPECT_THROW(run(job), OutputClosed);
  }
}

TEST(Pipeline, AFunctionMayTakeTheEpoch) {
  std::vector<std::uint64_t> epochs;
  std::int64_t sum = 0;
  Job job{.from_sources = {text("a b a")}};
  job.to_functions.emplace_back([&](std::span<const Aggregate> rows, const Epoch& epoch) {
    for (const Aggregate& row : rows) sum += row.count;
    epochs.push_back(epoch.id.number);
    EXPECT_GT(epoch.stamp, 0);
    EXPECT_EQ(epoch.frame, 0U) << "there is no log";
    EXPECT_TRUE(epoch.last && !epoch.partial);
  });
  run(job);
  EXPECT_EQ(sum, 3);
  EXPECT_EQ(epochs, std::vector<std::uint64_t>{1});
}

TEST(Pipeline, FailuresForNowAreRetriedAndShowNothingTwice) {
  std::map<std::string, std::int64_t> truth;
  const std::string input = random_text(2'000, 3, truth);
  std::atomic<int> calls{0};
  const auto sink = std::make_shared<MemorySink>();
  const auto stumble = [&calls](std::string_view) {
    if (++calls % 7 == 0) throw TransientError("the world stumbled");
  };
  Job job{.from_sources = {[&](const SourceOptions& options) {
            SourceList list = text(input)(options);
            list[0] = std::make_unique<HookedSource>(std::move(list[0]), stumble);
            return list;
          }},
          .to_sinks = {std::make_shared<HookedSink>(sink, stumble)}};
  job.options.batch_bytes = 256;
  job.options.retry_pause = 1us;
  const Summary summary = run(std::move(job));
  EXPECT_EQ(totals(*sink), truth);
  EXPECT_GT(summary.progress.retries, 0U);
}

TEST(Pipeline, KeysThatDoNotFitTheBudgetEndTheJobWithASentence) {
  std::string input;
  for (int i = 0; i < 200'000; ++i) input += "a-rather-long-key-" + std::to_string(i) + '\n';
  Job job{.from_sources = {text(input)}, .to_sinks = {std::make_shared<MemorySink>()}};
  job.options.memory = std::size_t{8} << 20;
  try {
    run(std::move(job));
    FAIL() << "8MiB do not hold 200,000 long keys";
  } catch (const BudgetError& error) {
    EXPECT_EQ(error.exit_code(), 75);
    EXPECT_NE(std::string(error.what()).find("--memory"), std::string::npos);
    EXPECT_GT(error.needed(), std::size_t{8} << 20);
  }
}

// The sink holds everything up; the source must be held up too, and nothing may be lost.
TEST(Pipeline, ASlowSinkHoldsTheSourceBack) {
  std::string input;
  for (int i = 0; i < 100'000; ++i) input += "word" + std::to_string(i % 100) + '\n';
  const auto slow = std::make_shared<MemorySink>([](MemorySink::Step step, EpochId) {
    if (step == MemorySink::Step::write) std::this_thread::sleep_for(30ms);
  });
  Job job{.from_sources = {text(input)}, .to_sinks = {slow}};
  job.plan.every = 1ms;
  job.options.memory = std::size_t{16} << 20;
  job.options.batch_bytes = 4096;
  const Summary summary = run(std::move(job));
  std::int64_t sum = 0;
  for (const auto& [word, count] : totals(*slow)) sum += count;
  EXPECT_EQ(sum, 100'000);
  EXPECT_LE(summary.progress.memory_peak, std::size_t{16} << 20);
}

// Ended windows must not pile up in the backend until the budget is gone.
TEST(Pipeline, ASlowSinkHoldsTheSourceBackBeforeTheBudgetIsGone) {
  std::string input;
  std::mt19937 random(4);
  for (int i = 0; i < 1'500'000; ++i) input += "a-long-word-" + std::to_string(random() % 20'000) + '\n';
  std::int64_t sum = 0;
  const auto slow = std::make_shared<HookedSink>(std::make_shared<MemorySink>(), [](std::string_view call) {
    if (call == "finish") std::this_thread::sleep_for(100ms);
  });
  Job job{
      .from_sources = {text(input)}, .to_sinks = {slow}, .to_functions = {[&](std::span<const Aggregate> rows) {
                                                           for (const Aggregate& row : rows) sum += row.count;
                                                         }}};
  job.plan.every = 2ms;
  job.options.memory = std::size_t{24} << 20;
  job.options.batch_bytes = std::size_t{64} << 10;
  run(std::move(job));
  EXPECT_EQ(sum, 1'500'000);
}

TEST(Pipeline, AllProblemsOfAJobAreToldAtOnce) {
  Job job;
  job.plan.measures = {{Reduction::sum, 0}};
  job.options.batch_time = 0s;
  try {
    static_cast<void>(start(job));
    FAIL() << "a job without input and output must not start";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.problems().size(), 4U);
  }
}

}  // namespace
}  // namespace millrace::pipeline_test
