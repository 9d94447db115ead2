// What every sink must do with epochs, wherever the rows go.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <millrace/error.h>
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
  bool remembers = true;         ///< it tells which epoch it finished last
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
  static Epoch epoch(std::uint64_t number) {
    return {.id = {number}, .stamp = static_cast<std::int64_t>(number), .frame = 1000 + number};
  }
  void write_epoch(std::uint64_t number, const Rows& rows, std::size_t calls = 1) {
    sink().begin(epoch(number));
    write(rows, calls);
    sink().finish(epoch(number));
    expected_ = (GetParam().keeps_all_epochs ? expected_ : "") + rows.text();
  }
  void expect_rows() {
    if (!opened_.text) return;
    EXPECT_TRUE(opened_.text() == expected_);
  }
  /// Opens it again, as after a failure.
  void expect_last_finished(std::uint64_t number) {
    const std::optional<Shown> told = sink().open(job_);
    EXPECT_EQ(told, GetParam().remembers ? std::optional(Shown{{number}, epoch(number).frame}) : std::nullopt);
  }

  OpenedSink opened_;
  const JobId job_{"a", 1};
  std::string expected_;
};

TEST_P(SinkContract, KeepsTheRowsOfEveryEpochInOrder) {
  EXPECT_EQ(sink().open(job_), std::nullopt);
  write_epoch(1, rows_of(1, 3));
  write_epoch(2, rows_of(2, 1000), 7);
  write_epoch(5, rows_of(5, 40'000), 2);
  expect_rows();
  expect_last_finished(5);
}

TEST_P(SinkContract, ProbingItChangesNothing) {
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(sink().probe(std::chrono::steady_clock::now() + kProbeTime), std::nullopt);
  if (GetParam().keeps_all_epochs) expect_rows();
  sink().open(job_);
  write_epoch(1, rows_of(1, 3));
  expect_rows();
}

TEST_P(SinkContract, AnEpochMayHaveNoRows) {
  sink().open(job_);
  write_epoch(1, {});
  expect_rows();
  write_epoch(2, rows_of(2, 2));
  expect_rows();
}

TEST_P(SinkContract, AnAbandonedEpochIsRepeatedUnderItsNumber) {
  sink().open(job_);
  write_epoch(1, rows_of(1, 3));
  for (int i = 0; i < 3; ++i) {
    sink().begin(epoch(2));
    write(rows_of(2, 10), 3);
    sink().abandon({2});
    expect_last_finished(1);
  }
  sink().begin(epoch(2));
  sink().abandon({2});
  write_epoch(2, rows_of(2, 10), 3);
  expect_rows();
}

TEST_P(SinkContract, AFinishedEpochWrittenAgainChangesNothing) {
  if (sink().delivery() != Delivery::idempotent) GTEST_SKIP() << "rows may be seen again";
  sink().open(job_);
  write_epoch(1, rows_of(1, 3));
  const std::string once = expected_;
  write_epoch(1, rows_of(1, 3));
  expected_ = once;
  expect_rows();
  expect_last_finished(1);
}

TEST_P(SinkContract, OpeningItAgainChangesNothing) {
  for (int i = 0; i < 2; ++i) EXPECT_EQ(sink().open(job_), std::nullopt);
  write_epoch(1, rows_of(1, 3));
  for (int i = 0; i < 2; ++i) expect_last_finished(1);
  expect_rows();
}

// Until there is one that takes them.
TEST_P(SinkContract, LettersAreRefusedAndNotLost) {
  sink().open(job_);
  sink().begin(epoch(1));
  EXPECT_THROW(sink().write_letters(std::array<Letter, 1>{}), InternalError);
  sink().abandon({1});
}

inline std::string sink_name(const ::testing::TestParamInfo<SinkCase>& info) {
  return info.param.name;
}

}  // namespace millrace::testing
