// Input that is not read to its end: stopped, broken off, or without one.
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "tests/host/job/memory_jobs.h"

namespace millrace::testing::drain_test {
namespace {

using namespace std::chrono_literals;
using Totals = std::map<std::string, std::int64_t>;

SourceFactory one(std::unique_ptr<Source> (*make)(const SourceOptions& options)) {
  return [make](const SourceOptions& options) {
    SourceList list;
    list.push_back(make(options));
    return list;
  };
}

class Endless final : public MemorySource {
 public:
  using MemorySource::MemorySource;
  bool endless() const override { return true; }
};

TEST(Drain, WhenRowsComeIsToldOfAnyEndlessSource) {
  const SourceFactory endless = one([](const SourceOptions& options) -> std::unique_ptr<Source> {
    return std::make_unique<Endless>(options.framing);
  });
  for (const auto& sources : {std::vector{endless, text("b")}, std::vector{text("b"), endless},
                              std::vector{endless, endless}, std::vector{text("b")}}) {
    std::atomic<int> told = 0;
    Job job{.from_sources = sources, .to_sinks = {std::make_shared<MemorySink>()}};
    job.options.on_event = [&](const Event& event) {
      if (event.text.find("add --every") != std::string::npos) ++told;
    };
    RunningJob running = start(std::move(job));
    running.stop();
    running.wait();
    EXPECT_EQ(told, sources.size() == 2 ? 1 : 0);
  }
}

// Read straight into batches, and through the staging buffer.
TEST(Drain, AnUnfinishedWordIsCountedButNoHalfLine) {
  for (const Framing::Kind kind : {Framing::Kind::whitespace, Framing::Kind::newline})
    for (const bool staged : {false, true}) {
      MemorySource* feed = nullptr;
      const auto sink = std::make_shared<MemorySink>();
      const auto source = [&](const SourceOptions&) {
        SourceList list;
        list.push_back(std::make_unique<MemorySource>(Framing{kind}, false));
        feed = static_cast<MemorySource*>(list[0].get());
        return list;
      };
      Job job{.from_sources = {source}, .to_sinks = {sink}};
      if (staged) job.host = [](std::string_view record, RecordOut& out) { out.record(record); };
      RunningJob running = start(std::move(job));
      feed->push("a b\na");
      while (running.progress().bytes_read < 4) std::this_thread::sleep_for(1ms);
      running.stop();
      const Summary summary = running.wait();
      EXPECT_TRUE(summary.partial);
      const bool words = kind == Framing::Kind::whitespace;
      EXPECT_EQ(totals(*sink), (Totals{{"a", words ? 2 : 1}, {"b", 1}}));
      EXPECT_EQ(summary.progress.bytes_read, words ? 6U : 4U) << "with the end that the word has got";
    }
}

class BreakingSource final : public MemorySource {
 public:
  using MemorySource::MemorySource;
  ReadResult read(std::span<std::byte> into, const Records& records, Deadline deadline) override {
    ReadResult result = MemorySource::read(into, records, deadline);
    if (result.status == ReadResult::Status::end) result.status = ReadResult::Status::broken;
    return result;
  }
};

std::unique_ptr<Source> breaking(const SourceOptions& options) {
  auto source = std::make_unique<BreakingSource>(options.framing);
  source->push("a b ");
  source->finish();
  return source;
}

TEST(Drain, WhatCameBeforeInputBrokeOffIsKeptAndPartial) {
  const auto sink = std::make_shared<MemorySink>();
  const Summary summary = run(Job{.from_sources = {text("b c"), one(breaking)}, .to_sinks = {sink}});
  EXPECT_TRUE(summary.partial);
  EXPECT_TRUE(sink->told().partial);
  EXPECT_EQ(totals(*sink), (Totals{{"a", 1}, {"b", 2}, {"c", 1}}));
}

TEST(Drain, AnInputThatEndsLaterDoesNotMakeThatWhole) {
  MemorySource* feed = nullptr;
  const auto sink = std::make_shared<MemorySink>();
  Job job{.from_sources = {one(breaking), memory([&](MemorySource& source) { feed = &source; }, false)},
          .to_sinks = {sink}};
  job.plan.every = 100ms;
  RunningJob running = start(std::move(job));
  // The window has been shown: the first input has marked it, behind its end.
  while (sink->finishes() == 0) std::this_thread::sleep_for(1ms);
  feed->push("c ");
  feed->finish();
  EXPECT_TRUE(running.wait().partial);
  EXPECT_TRUE(sink->told().partial);
  EXPECT_EQ(totals(*sink), (Totals{{"a", 1}, {"b", 1}, {"c", 1}}));
}

/// Has not learnt to drain: it reads as ever.
class IdlingSource final : public MemorySource {
 public:
  using MemorySource::MemorySource;
  ReadResult drain(std::span<std::byte> into, const Records& records) override {
    return read(into, records, Instant::min());
  }
};

std::unique_ptr<Source> idling(const SourceOptions& options) {
  auto source = std::make_unique<IdlingSource>(options.framing);
  source->push("a b ");
  return source;
}

TEST(Drain, ASourceThatHasNothingMoreForNowHasEnded) {
  const auto sink = std::make_shared<MemorySink>();
  RunningJob running = start(Job{.from_sources = {one(idling)}, .to_sinks = {sink}});
  running.stop();
  EXPECT_TRUE(running.wait().partial);
  EXPECT_EQ(totals(*sink), (Totals{{"a", 1}, {"b", 1}}));
}

// Whoever waits for the rows of an endless job is told when they come.
TEST(Drain, EndlessInputWithoutWindowsSaysWhenRowsCome) {
  for (const auto every : {0ms, 10ms})
    for (const std::string_view uri : {"generate:?rate=1k", "generate:?words=1"}) {
      std::atomic<int> told = 0;
      Job job{.from = {std::string(uri)}, .to = {"discard:"}};
      job.plan.every = every;
      job.options.on_event = [&](const Event& event) {
        if (event.text.find("--every") != std::string::npos) ++told;
      };
      RunningJob running = start(std::move(job));
      while (running.progress().bytes_read == 0) std::this_thread::yield();
      running.stop();
      running.wait();
      EXPECT_EQ(told, every == 0ms && uri.ends_with("rate=1k") ? 1 : 0);
    }
}

// A source forgets, or tells its servers, what was committed; at the end that is all.
TEST(Drain, ASourceLearnsThatAllOfItIsCommitted) {
  for (const auto every : {0ms, 50ms}) {
    MemorySource* feed = nullptr;
    const auto sink = std::make_shared<MemorySink>();
    Job job{.from_sources = {memory([&](MemorySource& source) { feed = &source; })}, .to_sinks = {sink}};
    job.plan.every = every;
    RunningJob running = start(std::move(job));
    feed->push("a b ");
    if (every > 0ms)
      while (sink->finishes() == 0) std::this_thread::sleep_for(1ms);
    feed->push("c ");
    feed->finish();
    running.wait();
    EXPECT_EQ(feed->last_committed(), (Mark{0, 6, true})) << every.count();
  }
}

}  // namespace
}  // namespace millrace::testing::drain_test
