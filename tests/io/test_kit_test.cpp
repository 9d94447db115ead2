// The test kit: hooked doubles pass everything on, and a sink in memory keeps what was finished.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/error.h>
#include <millrace/testing/hooked.h>
#include <millrace/testing/manual_clock.h>
#include <millrace/testing/memory_sink.h>

#include "tests/io/drain.h"

namespace millrace::testing::test_kit_test {
namespace {

/// Notes every call, and answers none as the base class does.
class NotingSource final : public Source {
 public:
  explicit NotingSource(std::vector<std::string>& calls) : calls_(calls) {}
  ReadResult read(std::span<std::byte>, const Records&, Deadline) override {
    return note("read", ReadResult{.bytes = 7});
  }
  std::span<const Partition> partitions() const override { return note("partitions", std::span(&here_, 1)); }
  void marks(Marks& changed) override { changed.push_back(note("marks", Mark{0, 3})); }
  bool replayable() const override { return note("replayable", true); }
  bool messages() const override { return note("messages", true); }
  void seek(std::span<const Mark>) override { note("seek", 0); }
  void committed(std::span<const Mark>) override { note("committed", 0); }
  void wake() noexcept override { note("wake", 0); }
  bool endless() const override { return note("endless", true); }
  ReadResult drain(std::span<std::byte>, const Records&) override {
    return note("drain", ReadResult{.bytes = 9});
  }
  std::optional<std::uint64_t> bytes_total() const override { return note("bytes_total", std::uint64_t{5}); }

 private:
  template <class Answer>
  Answer note(const char* call, Answer answer) const {
    calls_.emplace_back(call);
    return answer;
  }
  std::vector<std::string>& calls_;
  const Partition here_{.name = "here"};
};

TEST(TestKit, AHookedSourceAsksTheOneInsideForEverything) {
  std::vector<std::string> calls;
  std::vector<std::string> hooks;
  HookedSource source(std::make_unique<NotingSource>(calls),
                      [&](std::string_view call) { hooks.emplace_back(call); });
  EXPECT_EQ(source.read({}, {}, Deadline{}).bytes, 7U);
  EXPECT_EQ(source.partitions()[0].name, "here");
  EXPECT_EQ(news_of(source), (Marks{{0, 3}}));
  EXPECT_TRUE(source.replayable());
  EXPECT_TRUE(source.messages());
  source.seek({});
  source.committed({});
  source.wake();
  EXPECT_TRUE(source.endless());
  EXPECT_EQ(source.drain({}, {}).bytes, 9U);
  EXPECT_EQ(source.bytes_total(), 5U);
  EXPECT_EQ(calls, (std::vector<std::string>{"read", "partitions", "marks", "replayable", "messages", "seek",
                                             "committed", "wake", "endless", "drain", "bytes_total"}));
  EXPECT_EQ(hooks, (std::vector<std::string>{"read", "seek", "committed", "drain"}));
}

TEST(TestKit, AHookedSinkAsksTheOneInsideForEverything) {
  std::vector<std::string> hooks;
  const auto inner = std::make_shared<MemorySink>(MemorySink::Hook(), Delivery::at_least_once);
  HookedSink sink(inner, [&](std::string_view call) { hooks.emplace_back(call); });
  const JobId job{"a", 1};
  EXPECT_EQ(sink.open(job), std::nullopt);
  sink.begin({{1}});
  sink.write({});
  sink.abandon({1});
  sink.begin({{1}});
  sink.write({});
  EXPECT_THROW(sink.write_letters(std::array<Letter, 1>{}), InternalError);
  sink.finish({1});
  EXPECT_EQ(inner->epochs().size(), 1U);
  EXPECT_EQ(sink.open(job), Shown{{1}});
  EXPECT_EQ(sink.delivery(), Delivery::at_least_once);
  EXPECT_EQ(hooks, (std::vector<std::string>{"open", "begin", "write", "begin", "write", "write_letters",
                                             "finish", "open"}));
}

// Whoever waits for a moment of its time wakes when that has come, and looks again before.
TEST(TestKit, AThreadThatWaitsForAManualClockLooksAgain) {
  ManualClock clock;
  const Instant before = std::chrono::steady_clock::now();
  EXPECT_LE(clock.wake_for(clock.now()), before);
  EXPECT_LE(clock.wake_for(Instant::min()), before);
  const Instant due = clock.now() + std::chrono::hours{1000};
  EXPECT_GT(clock.wake_for(due), before);
  EXPECT_LT(clock.wake_for(due), std::chrono::steady_clock::now() + std::chrono::seconds{1});
  clock.advance(std::chrono::hours{1000});
  EXPECT_LE(clock.wake_for(due), before);
  EXPECT_EQ(clock.wake_for(Instant::max()), Instant::max()) << "nothing is due";
  EXPECT_EQ(real_clock().wake_for(due), due);
}

/// Answers as no other backend does, and notes what it is asked to do.
class NotingBackend final : public Backend {
 public:
  explicit NotingBackend(std::vector<std::string>& calls) : calls_(calls) {}
  std::string_view name() const override { return "noting"; }
  bool may_fail() const override { return false; }
  HostBuffer allocate(std::size_t capacity) override {
    return pageable_buffer(capacity + 1, unlimited_budget());
  }
  std::size_t batch_bytes() const override { return 12'345; }
  unsigned in_flight_max() const override { return 17; }
  void submit(const Batch& batch) override { calls_.push_back("submit " + std::to_string(batch.buffer.index)); }
  std::optional<Finished> reclaim(Wait wait) override {
    calls_.emplace_back(wait == Wait::yes ? "wait" : "look");
    return Finished{{23}, false, {}};
  }
  void collect(Pane pane, PartialSink&) override { calls_.push_back("collect " + std::to_string(pane.index)); }
  std::size_t held_bytes() const override { return 0; }

 private:
  std::vector<std::string>& calls_;
};

struct NoSink final : PartialSink {
  void add(const Partials&) override {}
};

TEST(TestKit, AHookedBackendAsksTheOneInsideForEverything) {
  std::vector<std::string> calls;
  std::vector<std::string> hooks;
  HookedBackend backend(std::make_unique<NotingBackend>(calls),
                        [&](std::string_view call) { hooks.emplace_back(call); });
  EXPECT_TRUE(backend.may_fail()) << "the hook may throw";
  EXPECT_EQ(backend.allocate(10).bytes().size(), 11U);
  EXPECT_EQ(backend.batch_bytes(), 12'345U);
  EXPECT_EQ(backend.in_flight_max(), 17U);
  Batch batch;
  batch.buffer = {5};
  backend.submit(batch);
  const std::optional<Finished> finished = backend.reclaim(Wait::no);
  EXPECT_TRUE(finished && finished->buffer == BufferId{23} && !finished->counted);
  backend.reclaim(Wait::yes);
  NoSink sink;
  backend.collect({7}, sink);
  EXPECT_EQ(calls, (std::vector<std::string>{"submit 5", "look", "wait", "collect 7"}));
  EXPECT_EQ(hooks, (std::vector<std::string>{"submit", "reclaim", "reclaim", "collect"}));
}

TEST(TestKit, WhatAHookThrowsKeepsTheCallFromTheOneInside) {
  std::vector<std::string> calls;
  HookedBackend backend(std::make_unique<NotingBackend>(calls),
                        [](std::string_view) { throw IoError("hook"); });
  NoSink sink;
  EXPECT_THROW(backend.submit(Batch{}), IoError);
  EXPECT_THROW(backend.reclaim(Wait::no), IoError);
  EXPECT_THROW(backend.collect({}, sink), IoError);
  EXPECT_TRUE(calls.empty());
}

TEST(TestKit, AMemorySinkKeepsWhatWasFinishedAlone) {
  MemorySink sink;
  const JobId job{"a", 1};
  EXPECT_EQ(sink.open(job), std::nullopt);
  const Aggregate row{.window = {}, .key = "key", .count = 3, .values = {}, .rank = 2, .kind = RowKind::remove};
  sink.begin({.id = {1}, .partial = true});
  EXPECT_TRUE(sink.told().partial);
  sink.write({&row, 1});
  sink.abandon({1});
  sink.begin({{1}});
  EXPECT_FALSE(sink.told().partial);
  sink.write({&row, 1});
  EXPECT_TRUE(sink.rows().empty());
  EXPECT_THROW(sink.finish({2}), InternalError) << "another one began";
  sink.finish({1});
  EXPECT_THROW(sink.write({&row, 1}), InternalError) << "none has begun";
  const Epoch second{.id = {2}, .frame = 17};
  sink.begin(second);
  EXPECT_THROW(sink.begin({{3}}), InternalError) << "the one before has not ended";
  sink.finish(second);
  EXPECT_EQ(sink.rows(), (std::vector<MemoryRow>{{{}, "key", 3, {}, 2, RowKind::remove}}));
  EXPECT_EQ(sink.open(job), (Shown{{2}, 17}));
  EXPECT_EQ(sink.open({"a", 2}), std::nullopt) << "of another job of that name it knows nothing";
  EXPECT_EQ(sink.opens(), 3U);
  EXPECT_EQ(sink.begins(), 3U);
  EXPECT_EQ(sink.finishes(), 2U);
  EXPECT_EQ(sink.abandons(), 1U);
}

TEST(MemorySink, HasTheRowsOfTheLastJob) {
  testing::MemorySink sink;
  const auto write = [&sink](std::uint64_t epoch) {
    sink.begin({.id = {epoch}});
    const Aggregate row{.window = {}, .key = "a", .count = 1, .values = {}};
    sink.write({&row, 1});
    sink.finish({.id = {epoch}});
  };
  sink.open({"first", 1});
  write(1);
  write(2);
  sink.open({"first", 1});
  EXPECT_EQ(sink.rows().size(), 2U) << "a failure lies between";
  sink.open({"second", 2});
  write(1);
  EXPECT_EQ(sink.rows().size(), 1U);
}

}  // namespace
}  // namespace millrace::testing::test_kit_test
