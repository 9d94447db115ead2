// The test kit: hooked doubles pass everything on, and a disk that loses power forgets what was not synced.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <millrace/testing/fake_disk.h>
#include <millrace/testing/hooked.h>
#include <millrace/testing/memory_sink.h>

namespace millrace::testing {
namespace {

/// Notes every call, and answers none as the base class does.
class NotingSource final : public Source {
 public:
  explicit NotingSource(std::vector<std::string>& calls) : calls_(calls) {}
  ReadResult read(std::span<std::byte>, std::vector<Record>*, Deadline) override {
    return note("read", ReadResult{.bytes = 7});
  }
  Offsets position() const override { return note("position", Offsets{{"here", 3}}); }
  bool replayable() const override { return note("replayable", true); }
  bool messages() const override { return note("messages", true); }
  void seek(const Offsets&) override { note("seek", 0); }
  void committed(const Offsets&) override { note("committed", 0); }
  void wake() noexcept override { note("wake", 0); }
  bool endless() const override { return note("endless", true); }
  ReadResult drain(std::span<std::byte>, std::vector<Record>*) override {
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
};

TEST(TestKit, AHookedSourceAsksTheOneInsideForEverything) {
  std::vector<std::string> calls;
  std::vector<std::string> hooks;
  HookedSource source(std::make_unique<NotingSource>(calls),
                      [&](std::string_view call) { hooks.emplace_back(call); });
  EXPECT_EQ(source.read({}, nullptr, Deadline{}).bytes, 7U);
  EXPECT_EQ(source.position(), (Offsets{{"here", 3}}));
  EXPECT_TRUE(source.replayable());
  EXPECT_TRUE(source.messages());
  source.seek({});
  source.committed({});
  source.wake();
  EXPECT_TRUE(source.endless());
  EXPECT_EQ(source.drain({}, nullptr).bytes, 9U);
  EXPECT_EQ(source.bytes_total(), 5U);
  EXPECT_EQ(calls, (std::vector<std::string>{"read", "position", "replayable", "messages", "seek", "committed",
                                             "wake", "endless", "drain", "bytes_total"}));
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

}  // namespace
}  // namespace millrace::testing
