// Feeds batches to a backend as the engine does, and gathers what it finds.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/backend.h>

#include "tests/support/reference.h"

namespace millrace {

/// A batch that owns its memory. What lies in the slack looks like part of a word.
struct TestBatch {
  Pane pane;
  std::string bytes;
  std::vector<std::uint32_t> ends;
  bool has_rows = false;
  std::vector<std::uint32_t> key_at;
  std::vector<std::uint32_t> key_length;
  std::vector<std::int64_t> values;

  /// A view of it; valid while this batch stays as it is.
  Batch view(std::uint32_t buffer) {
    memory.assign(bytes.begin(), bytes.end());
    memory.resize(bytes.size() + kSlackBytes, 'x');
    Batch batch;
    batch.buffer = {buffer};
    batch.pane = pane;
    batch.bytes = std::as_bytes(std::span(memory)).first(bytes.size());
    batch.ends = ends;
    batch.has_rows = has_rows;
    batch.rows = {key_at, key_length, values};
    return batch;
  }
  std::vector<char> memory;
};

inline TestBatch text_batch(std::string_view text, Pane pane = {}) {
  TestBatch batch;
  batch.pane = pane;
  batch.bytes = text;
  return batch;
}

/// Records back to back, as messages come.
inline TestBatch message_batch(const std::vector<std::string>& records, Pane pane = {}) {
  TestBatch batch;
  batch.pane = pane;
  for (const std::string& record : records) {
    batch.bytes += record;
    batch.ends.push_back(static_cast<std::uint32_t>(batch.bytes.size()));
  }
  return batch;
}

/// Merges the partials of one collect and checks that they have the promised shape.
class Gather : public PartialSink {
 public:
  Gather(Pane pane, std::vector<ValueColumn> columns, reference::Answer& answer)
      : pane_(pane), columns_(std::move(columns)), answer_(answer) {}

  void add(const Partials& partials) override {
    const std::size_t n = partials.keys.size();
    ASSERT_EQ(partials.texts.size(), n);
    ASSERT_EQ(partials.counts.size(), n);
    ASSERT_EQ(partials.values.size(), n * columns_.size());
    for (std::size_t i = 0; i < n; ++i) {
      const std::string text = text_of(partials.keys[i], partials.texts[i]);
      if (!seen_.insert(text).second) repeated_ = true;
      std::vector<reference::Wide> values;
      for (std::size_t c = 0; c < columns_.size(); ++c) values.push_back(partials.values[c * n + i]);
      EXPECT_GT(partials.counts[i], 0);
      answer_.add(pane_, text, partials.counts[i], values, columns_);
    }
    unique_ = unique_ || partials.unique;
    all_unique_ = all_unique_ && partials.unique;
    ++calls_;
    EXPECT_FALSE(unique_ && repeated_) << "a key came twice although keys were said to be unique";
  }

  bool all_unique() const { return all_unique_; }
  int calls() const { return calls_; }

 private:
  static std::string text_of(Key key, std::string_view text) {
    if (key.bits >> 63 != 0) {
      EXPECT_GT(text.size(), 7U) << "only long keys are hashed";
      return std::string(text);
    }
    EXPECT_TRUE(text.empty()) << "a packed key has its text inside";
    EXPECT_LE(key.bits >> 56, 7U);
    std::string unpacked;
    for (std::uint64_t i = 0; i < key.bits >> 56; ++i) unpacked += static_cast<char>(key.bits >> (8 * i));
    return unpacked;
  }

  Pane pane_;
  std::vector<ValueColumn> columns_;
  reference::Answer& answer_;
  std::set<std::string> seen_;
  bool repeated_ = false;
  bool unique_ = false;
  bool all_unique_ = true;
  int calls_ = 0;
};

/// The engine's side of a backend: what was not counted is submitted again after a collect.
class Driver {
 public:
  Driver(Backend& backend, const Plan& plan) : backend_(backend), columns_(value_columns(plan.measures)) {}

  void submit(TestBatch& batch) {
    while (in_flight_.size() >= backend_.in_flight_max() + 1) take_back(Wait::yes);
    make_room_for(batch.pane);
    const Batch view = batch.view(next_buffer_++);
    in_flight_.emplace(view.buffer, view);
    backend_.submit(view);
  }
  /// False if there was nothing to take back.
  bool take_back(Wait wait) {
    const std::optional<Finished> finished = backend_.reclaim(wait);
    if (!finished) return false;
    const auto node = in_flight_.extract(finished->buffer);
    EXPECT_FALSE(node.empty()) << "a buffer came back that was not in flight";
    const Batch batch = node.mapped();
    if (!finished->counted) {
      collect(batch.pane);
      panes_.insert(batch.pane);
      in_flight_.emplace(batch.buffer, batch);
      backend_.submit(batch);
      return true;
    }
    for (const Reject& reject : finished->rejects) {
      const auto bytes = batch.bytes.subspan(reject.where.offset, reject.where.length);
      std::string text;
      for (const std::byte byte : bytes) text += static_cast<char>(byte);
      answer.rejects.emplace(text, reject.reason);
    }
    return true;
  }
  void take_back_all() {
    while (!in_flight_.empty()) ASSERT_TRUE(take_back(Wait::yes));
    EXPECT_FALSE(backend_.reclaim(Wait::yes)) << "nothing is in flight, so that nothing can be waited for";
  }
  Gather collect(Pane pane) {
    panes_.erase(pane);
    Gather gather(pane, columns_, answer);
    backend_.collect(pane, gather);
    return gather;
  }

  reference::Answer answer;

 private:
  /// A backend has at most panes_max at a time: the oldest goes first.
  void make_room_for(Pane pane) {
    if (panes_.insert(pane).second && panes_.size() > static_cast<std::size_t>(backend_.panes_max())) {
      const Pane oldest = *panes_.begin() == pane ? *std::next(panes_.begin()) : *panes_.begin();
      take_back_all();
      collect(oldest);
    }
  }

  Backend& backend_;
  std::vector<ValueColumn> columns_;
  std::set<Pane> panes_;
  std::map<BufferId, Batch> in_flight_;
  std::uint32_t next_buffer_ = 0;
};

/// What the backend makes of all batches.
inline reference::Answer answer_of(Backend& backend, const Plan& plan, std::vector<TestBatch>& batches) {
  Driver driver(backend, plan);
  std::set<Pane> panes;
  for (TestBatch& batch : batches) {
    driver.submit(batch);
    panes.insert(batch.pane);
  }
  driver.take_back_all();
  for (const Pane pane : panes) driver.collect(pane);
  return driver.answer;
}

inline reference::Answer expected_of(const Plan& plan, std::vector<TestBatch>& batches) {
  reference::Answer answer;
  for (TestBatch& batch : batches) reference::count(plan, batch.view(0), answer);
  return answer;
}

}  // namespace millrace
