// The test kit: hooked doubles pass everything on, and a disk that loses power forgets what was not synced.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/error.h>
#include <millrace/testing/fake_disk.h>
#include <millrace/testing/hooked.h>
#include <millrace/testing/memory_sink.h>

#include "tests/io/drain.h"

namespace millrace::testing {
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
  sink.open();
  sink.begin({{1}, false});
  sink.write({});
  sink.abandon({1});
  sink.begin({{1}, false});
  sink.write({});
  sink.finish({1});
  EXPECT_EQ(inner->epochs().size(), 1U);
  EXPECT_EQ(sink.last_finished(), EpochId{1});
  EXPECT_EQ(sink.delivery(), Delivery::at_least_once);
  EXPECT_EQ(hooks, (std::vector<std::string>{"open", "begin", "write", "begin", "write", "finish"}));
}

TEST(TestKit, ADiskThatLosesPowerForgetsLocksAndWhatWasNotSynced) {
  FakeDisk disk;
  const auto bytes = std::as_bytes(std::span(std::string_view("synced, and not")));
  const auto file = disk.create("dir/file", {.temporary = true});
  file->write(bytes.first(6));
  file->sync();
  file->write(bytes.subspan(6));
  disk.sync_directory("dir");
  disk.create("dir/other", {})->write(bytes);
  disk.rename("dir/file", "dir/new");
  EXPECT_EQ(disk.lock("dir/new"), nullptr) << "whoever made it holds it";
  EXPECT_EQ(disk.contents("dir/new"), "synced, and not");
  const auto directory = disk.lock("dir");
  ASSERT_NE(directory, nullptr);
  EXPECT_EQ(disk.lock("dir"), nullptr);
  disk.crash();
  EXPECT_NE(disk.lock("dir"), nullptr);
  EXPECT_EQ(disk.contents("dir/file"), "synced");
  EXPECT_EQ(disk.contents("dir/new"), std::nullopt) << "the directory was not synced since";
  EXPECT_EQ(disk.contents("dir/other"), std::nullopt);
  EXPECT_NE(disk.lock("dir/file"), nullptr) << "nobody holds a lock after that";
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

TEST(TestKit, ADiskFailsWhenItIsToldTo) {
  FakeDisk disk;
  disk.fail_after(2);
  EXPECT_NE(disk.create("a", {}), nullptr);
  EXPECT_THROW(disk.create("b", {}), IoError);
  EXPECT_NE(disk.create("c", {}), nullptr) << "later ones work again";
  disk.fail_from(2);
  EXPECT_NO_THROW(disk.remove("a"));
  for (int i = 0; i < 3; ++i) EXPECT_THROW(disk.remove("c"), IoError);
  disk.fail_after(0);
  EXPECT_EQ(disk.list("."), (std::vector<std::string>{"c"}));
  EXPECT_EQ(disk.operations(), 8U) << "also those that failed";
}

TEST(TestKit, ADiskHasNamesLinksAndDirectories) {
  FakeDisk disk;
  disk.take_names(1);
  EXPECT_EQ(disk.create("d/a", {.exclusive = true}), nullptr);
  EXPECT_NE(disk.create("d/a", {.exclusive = true, .owner_only = true}), nullptr);
  EXPECT_EQ(disk.create("./d/a", {.exclusive = true}), nullptr);
  EXPECT_EQ(disk.permissions("d/a"), 0600U);
  const auto other = disk.create("d/b", {});
  EXPECT_EQ(disk.permissions("d/b"), 0644U);
  other->take_rights_of("d/a");
  EXPECT_EQ(disk.permissions("d/b"), 0600U);
  other->take_rights_of("d/nothing");
  EXPECT_EQ(disk.permissions("d/b"), 0644U);
  disk.link("d/b", "d/c");
  EXPECT_EQ(disk.names_of("d/c"), 2U);
  EXPECT_EQ(disk.names_of("d"), 1U);
  EXPECT_EQ(disk.names_of("e"), 0U);
  EXPECT_EQ(disk.list("d", "b"), (std::vector<std::string>{"b"}));
  EXPECT_TRUE(other->is_at("d/c"));
  EXPECT_FALSE(other->is_at("d/a"));
  EXPECT_THROW(disk.remove("d/nothing"), IoError);
  EXPECT_THROW(disk.rename("d/nothing", "d/b"), IoError);
  EXPECT_THROW(disk.remove_directory("d"), IoError) << "it is not empty";
  EXPECT_TRUE(disk.create_directories("d").empty()) << "it is there";
  EXPECT_EQ(disk.create_directories("e/").size(), 1U);
  EXPECT_TRUE(disk.has_directory("e"));
  disk.remove_directory("e");
  EXPECT_FALSE(disk.has_directory("e"));
}

TEST(TestKit, ADiskWithoutLocksGivesOnesThatKeepNobodyOut) {
  FakeDisk disk;
  const auto file = disk.create("file", {.temporary = true});
  EXPECT_EQ(disk.lock("file"), nullptr);
  disk.forget_locks();
  const auto lock = disk.lock("file");
  ASSERT_NE(lock, nullptr);
  EXPECT_FALSE(lock->exclusive());
}

// Of what was not synced the first few survive, never the later without the earlier.
TEST(TestKit, ADiskThatLosesPowerMayKeepTheFirstOfWhatWasNotSynced) {
  std::mt19937_64 random(1);
  std::set<std::size_t> names;
  std::set<std::size_t> sizes;
  for (int round = 0; round < 200; ++round) {
    FakeDisk disk;
    const auto file = disk.create("d/0", {});
    disk.sync_directory("d");
    file->write(std::as_bytes(std::span(std::string_view("abc"))));
    disk.create("d/1", {});
    disk.create("d/2", {});
    disk.crash(random);
    const std::vector<std::string> left = disk.list("d");
    names.insert(left.size());
    for (std::size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i], std::to_string(i));
    const std::string text = disk.contents("d/0").value_or("none");
    sizes.insert(text.size());
    EXPECT_TRUE(std::string_view("abc").starts_with(text));
  }
  EXPECT_EQ(names, (std::set<std::size_t>{1, 2, 3}));
  EXPECT_EQ(sizes, (std::set<std::size_t>{0, 1, 2, 3}));
}

TEST(TestKit, AMemorySinkKeepsWhatWasFinishedAlone) {
  MemorySink sink;
  EXPECT_EQ(sink.last_finished(), std::nullopt);
  const Aggregate row{.window = {}, .key = "key", .count = 3, .values = {}};
  sink.begin({{1}, true});
  EXPECT_TRUE(sink.partial());
  sink.write({&row, 1});
  sink.abandon({1});
  sink.begin({{1}, false});
  EXPECT_FALSE(sink.partial());
  sink.write({&row, 1});
  EXPECT_TRUE(sink.rows().empty());
  EXPECT_THROW(sink.finish({2}), InternalError) << "another one began";
  sink.finish({1});
  EXPECT_THROW(sink.write({&row, 1}), InternalError) << "none has begun";
  sink.begin({{2}, false});
  EXPECT_THROW(sink.begin({{3}, false}), InternalError) << "the one before has not ended";
  sink.finish({2});
  EXPECT_EQ(sink.rows(), (std::vector<MemoryRow>{{{}, "key", 3, {}}}));
  EXPECT_EQ(sink.last_finished(), EpochId{2});
  EXPECT_EQ(sink.begins(), 3U);
  EXPECT_EQ(sink.finishes(), 2U);
  EXPECT_EQ(sink.abandons(), 1U);
}

}  // namespace
}  // namespace millrace::testing
