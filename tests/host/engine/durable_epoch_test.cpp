// What the epochs of a job with a log hold, and where its windows stay open.
// SPDX-License-Identifier: Apache-2.0
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cpu/reference_backend.h"
#include "tests/host/engine/one_job.h"

namespace millrace::durable_epoch_test {
namespace {

using namespace std::chrono_literals;

/// Keeps the epochs without what they have counted.
class KeepingLog final : public EpochLog {
 public:
  explicit KeepingLog(std::vector<EpochData>& epochs) : epochs_(epochs) {}
  bool durable() const override { return true; }
  std::uint64_t append(const EpochData& epoch) override {
    EpochData kept;
    kept.closed = epoch.closed;
    kept.found = epoch.found;
    kept.marks = epoch.marks;
    kept.last = epoch.last;
    kept.partial = epoch.partial;
    epochs_.push_back(std::move(kept));
    return epochs_.size();
  }
  void commit(EpochId) override {}

 private:
  std::vector<EpochData>& epochs_;
};

/// Each word is found in a partition of its own.
class GrowingSource final : public Source {
 public:
  ReadResult read(std::span<std::byte> into, const Records& records, Deadline) override {
    records.clear();
    if (words.empty()) return {};
    partitions_.push_back({.name = "input " + std::to_string(partitions_.size())});
    const std::string text = words.front() + '\n';
    words.pop_front();
    std::ranges::copy(std::as_bytes(std::span(text)), into.begin());
    return {.status = ReadResult::Status::data, .bytes = text.size()};
  }
  std::span<const Partition> partitions() const override { return partitions_; }
  void marks(Marks& changed) override {
    for (; marked_ < partitions_.size(); ++marked_)
      changed.push_back({.partition = static_cast<std::uint32_t>(marked_), .next = 1, .done = true});
  }
  bool replayable() const override { return false; }
  void seek(std::span<const Mark>) override {}
  void wake() noexcept override {}
  bool endless() const override { return true; }

  std::deque<std::string> words;

 private:
  std::vector<Partition> partitions_;
  std::size_t marked_ = 0;
};

class DurableEpoch : public ::testing::Test {
 protected:
  Around around() { return {.log = std::make_unique<KeepingLog>(epochs_), .commit_every = 5ms}; }
  static std::unique_ptr<Backend> backend() { return make_reference_backend(Plan{}, {}); }

  std::vector<EpochData> epochs_;
};

// Else all of it would be read again after each crash, or be gone by then.
TEST_F(DurableEpoch, InputThatMakesNoKeyMovesPositions) {
  Around dropping = around();
  dropping.host = [](std::string_view, RecordOut&) {};
  OneJob job(backend(), {}, std::move(dropping));
  job.count("one");
  EXPECT_TRUE(epochs_.empty());
  job.clock.advance(5ms);
  job.settle();
  ASSERT_EQ(epochs_.size(), 1U);
  EXPECT_EQ(epochs_[0].marks, (std::vector<Marks>{{{.partition = 0, .next = 4}}}));
  for (int i = 0; i < 5; ++i) {
    job.clock.advance(5ms);
    EXPECT_LE(job.settle(), job.clock.now() + 5ms) << "who reads does not say what it dropped: it is asked";
  }
  EXPECT_EQ(epochs_.size(), 1U) << "an idle job writes nothing";
  EXPECT_EQ(job.drain(), Totals{});
  EXPECT_EQ(epochs_.size(), 1U);
}

TEST_F(DurableEpoch, WhatIsOpenWhenAJobIsStoppedStaysOpen) {
  OneJob job(backend(), {}, around());
  job.count("one");
  EXPECT_EQ(job.drain(), Totals{});
  ASSERT_EQ(epochs_.size(), 1U);
  EXPECT_FALSE(epochs_[0].last);
  EXPECT_FALSE(epochs_[0].partial) << "nothing of it is shown";
  EXPECT_TRUE(epochs_[0].closed.empty());
  EXPECT_TRUE(job.pipeline->partial()) << "input is left";
}

// Another run makes them again, from what the log holds.
TEST_F(DurableEpoch, RowsInNoOrderComeInThatOfTheirKeys) {
  Around unordered = around();
  unordered.plan.order = Order::none;
  OneJob job(backend(), {}, std::move(unordered));
  for (const char* word : {"sixth", "third", "one", "two", "fifth", "fourth"}) job.count(word);
  job.finish();
  std::vector<std::string> keys;
  for (const auto& row : job.sink->rows()) keys.push_back(row.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"fifth", "fourth", "one", "sixth", "third", "two"}));
}

TEST_F(DurableEpoch, TheEndOfTheInputIsTheLastOne) {
  OneJob job(backend(), {}, around());
  job.count("one");
  EXPECT_EQ(job.finish(), (Totals{{"one", 1}}));
  ASSERT_EQ(epochs_.size(), 1U);
  EXPECT_TRUE(epochs_[0].last);
  EXPECT_EQ(epochs_[0].closed, std::vector<Pane>{{}});
}

TEST_F(DurableEpoch, PartitionsThatAppearAreTold) {
  auto made = std::make_unique<GrowingSource>();
  GrowingSource& source = *made;
  Around growing = around();
  growing.source = std::move(made);
  OneJob job(backend(), {}, std::move(growing));
  const auto commit = [&] {
    job.settle();
    job.clock.advance(5ms);
    job.settle();
  };
  source.words = {"a", "b"};
  commit();
  source.words = {"c"};
  commit();
  ASSERT_EQ(epochs_.size(), 2U);
  ASSERT_EQ(epochs_[0].found.size(), 1U);
  EXPECT_EQ(epochs_[0].found[0], (std::vector<Partition>{{.name = "input 0"}, {.name = "input 1"}}));
  EXPECT_EQ(epochs_[1].found[0], (std::vector<Partition>{{.name = "input 2"}}));
  EXPECT_EQ(epochs_[1].marks[0], (Marks{{.partition = 2, .next = 1, .done = true}}));
}

}  // namespace
}  // namespace millrace::durable_epoch_test
