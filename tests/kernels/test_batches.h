// Batches of a test for a backend, and what it finds in them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/backend.h>

#include "kernels/backend_driver.h"
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

/// A row of each key, with as many values as the plan reads.
inline TestBatch rows_batch(const Plan& plan, const std::vector<std::string>& keys, Pane pane = {},
                            std::int64_t value = -7) {
  TestBatch batch = text_batch("", pane);
  batch.has_rows = true;
  for (const std::string& key : keys) {
    batch.key_at.push_back(static_cast<std::uint32_t>(batch.bytes.size()));
    batch.key_length.push_back(static_cast<std::uint32_t>(key.size()));
    batch.bytes += key;
  }
  for (std::size_t i = 0; i < input_values(plan) * keys.size(); ++i)
    batch.values.push_back(value * static_cast<std::int64_t>(i + 1));
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

/// Submits batches that a test has written, and gathers the answer.
class Driver {
 public:
  Driver(Backend& backend, const Plan& plan)
      : backend_(backend),
        columns_(value_columns(plan.measures)),
        driver_(backend, {.came_back = [this](const Finished& finished) { came_back(finished); },
                          .collect = [this](Pane pane) { gather(pane); }}) {}

  void submit(TestBatch& batch) {
    while (driver_.in_flight() >= backend_.in_flight_max() + 1) take_back(Wait::yes);
    const Batch view = batch.view(next_buffer_++);
    bytes_.emplace(view.buffer, view.bytes);
    driver_.submit(view);
  }
  /// False if there was nothing to take back.
  bool take_back(Wait wait) { return driver_.reclaim(wait); }
  void take_back_all() {
    driver_.settle();
    EXPECT_FALSE(backend_.reclaim(Wait::yes)) << "nothing is in flight, so that nothing can be waited for";
  }
  Gather collect(Pane pane) {
    driver_.collect(pane);
    return *last_;
  }

  reference::Answer answer;

 private:
  void came_back(const Finished& finished) {
    if (!finished.counted) return;
    const std::span<const std::byte> bytes = bytes_.extract(finished.buffer).mapped();
    for (const Reject& reject : finished.rejects) {
      std::string text;
      for (const std::byte byte : bytes.subspan(reject.where.offset, reject.where.length))
        text += static_cast<char>(byte);
      answer.rejects.emplace(text, reject.reason);
    }
  }
  void gather(Pane pane) {
    last_.emplace(pane, columns_, answer);
    backend_.collect(pane, *last_);
  }

  Backend& backend_;
  std::vector<ValueColumn> columns_;
  std::map<BufferId, std::span<const std::byte>> bytes_;  ///< of what is not counted yet
  std::optional<Gather> last_;                            ///< what was collected last
  std::uint32_t next_buffer_ = 0;
  BackendDriver driver_;
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
