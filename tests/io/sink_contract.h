// What every sink must do with epochs, wherever the rows go.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <millrace/sink.h>

#include "tests/io/rows.h"

namespace millrace::testing {

/// A sink with a way to see what came out.
struct OpenedSink {
  std::unique_ptr<Sink> sink;
  /// All rows of finished epochs as text, in order of epochs; empty: they cannot be seen.
  std::function<std::string()> text;
  std::shared_ptr<void> keeps = nullptr;
};

struct SinkCase {
  std::string name;
  std::function<OpenedSink()> open;
  bool keeps_all_epochs = true;  ///< false: the last one replaces those before
  bool knows_last_finished = true;
};

class SinkContract : public ::testing::TestWithParam<SinkCase> {
 protected:
  SinkContract() : opened_(GetParam().open()) {}
  Sink& sink() { return *opened_.sink; }

  void write(const Rows& rows, std::size_t calls) {
    const std::vector<Aggregate> all = rows.aggregates();
    const std::size_t step = all.size() / calls + 1;
    for (std::size_t at = 0; at < all.size(); at += step)
      sink().write(std::span(all).subspan(at, std::min(step, all.size() - at)));
  }
  void write_epoch(std::uint64_t number, const Rows& rows, std::size_t calls = 1) {
    sink().begin({number});
    write(rows, calls);
    sink().finish({number});
    expected_ = (GetParam().keeps_all_epochs ? expected_ : "") + rows.text();
  }
  void expect_rows() {
    if (!opened_.text) return;
    EXPECT_TRUE(opened_.text() == expected_);
  }
  void expect_last_finished(EpochId epoch) {
    if (!GetParam().knows_last_finished) return;
    EXPECT_EQ(sink().last_finished(), epoch);
  }

  OpenedSink opened_;
  std::string expected_;
};

TEST_P(SinkContract, KeepsTheRowsOfEveryEpochInOrder) {
  EXPECT_EQ(sink().last_finished(), std::nullopt);
  write_epoch(1, rows_of(1, 3));
  write_epoch(2, rows_of(2, 1000), 7);
  write_epoch(5, rows_of(5, 40'000), 2);
  expect_rows();
  expect_last_finished(EpochId{5});
}

TEST_P(SinkContract, ProbingItChangesNothing) {
  sink().probe(std::chrono::steady_clock::now() + kProbeTime);
  sink().probe(std::chrono::steady_clock::now() + kProbeTime);
  EXPECT_EQ(sink().last_finished(), std::nullopt);
  if (GetParam().keeps_all_epochs) expect_rows();
  write_epoch(1, rows_of(1, 3));
  expect_rows();
}

TEST_P(SinkContract, AnEpochMayHaveNoRows) {
  write_epoch(1, {});
  expect_rows();
  write_epoch(2, rows_of(2, 2));
  expect_rows();
}

TEST_P(SinkContract, AnAbandonedEpochIsRepeatedUnderItsNumber) {
  write_epoch(1, rows_of(1, 3));
  for (int i = 0; i < 3; ++i) {
    sink().begin({2});
    write(rows_of(2, 10), 3);
    sink().abandon({2});
    expect_last_finished(EpochId{1});
  }
  sink().begin({2});
  sink().abandon({2});
  write_epoch(2, rows_of(2, 10), 3);
  expect_rows();
}

TEST_P(SinkContract, AFinishedEpochWrittenAgainChangesNothing) {
  if (sink().delivery() != Delivery::idempotent) GTEST_SKIP() << "rows may be seen again";
  write_epoch(1, rows_of(1, 3));
  const std::string once = expected_;
  write_epoch(1, rows_of(1, 3));
  expected_ = once;
  expect_rows();
  expect_last_finished(EpochId{1});
}

inline std::string sink_name(const ::testing::TestParamInfo<SinkCase>& info) {
  return info.param.name;
}

}  // namespace millrace::testing
