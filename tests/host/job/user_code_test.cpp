// What the caller's own functions, sources and sinks may do wrong: each ends in an error or in a right count.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/millrace.h>

#include "tests/host/job/memory_jobs.h"

namespace millrace::user_code_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemorySink;
using testing::MemorySource;

using Counts = std::map<std::string, std::int64_t>;

std::uint64_t oversized(const Summary& summary) {
  return summary.progress.rejected[static_cast<std::size_t>(RejectReason::oversized)];
}

Job job_with(HostFunction host, std::shared_ptr<MemorySink> sink, std::string bytes = "a\nb\n") {
  Job job{.from_sources = {text(std::move(bytes))}, .to_sinks = {std::move(sink)}};
  job.host = std::move(host);
  return job;
}

// The engine repeats what a source cannot do for now. A function that has given out a record is not repeated.
TEST(UserFunction, ThatFailsForNowEndsTheJobAndCountsNothingTwice) {
  const auto sink = std::make_shared<MemorySink>();
  int failures = 1;
  Job job = job_with(
      [&](std::string_view record, RecordOut& out) {
        out.record(std::string(record) + "1");
        if (record == "a" && failures-- > 0) throw TransientError("the function stumbled");
        out.record(std::string(record) + "2");
      },
      sink);
  job.options.retry_pause = 1us;
  try {
    run(job);
    FAIL() << "the job must end with the error";
  } catch (const TransientError& error) {
    EXPECT_STREQ(error.what(), "the function stumbled");
  }
  EXPECT_THAT(totals(*sink), IsEmpty());
}

TEST(UserFunction, ARowThatIsTooLongLeavesNoValueToTheNext) {
  const auto sink = std::make_shared<MemorySink>();
  Job job = job_with(
      [](std::string_view, RecordOut& out) {
        const std::int64_t lost = 1000;
        const std::int64_t one = 1;
        out.row(std::string(500, 'g'), {&lost, 1});
        out.row("b", {&one, 1});
      },
      sink, "a\n");
  job.plan.keyed_by = KeyedBy::rows;
  job.plan.row_values = 1;
  job.plan.measures = {{Reduction::sum, 0}};
  job.options.max_record_bytes = 499;
  EXPECT_EQ(oversized(run(job)), 1U);
  EXPECT_EQ(totals(*sink), (Counts{{"b", 1}}));
}

TEST(UserFunction, WhatItGivesOutLiesInsideTheBudget) {
  for (const bool rows : {false, true}) {
    Job job = job_with(
        [&](std::string_view record, RecordOut& out) {
          for (std::int64_t i = 0; i < 10'000'000; ++i) rows ? out.row(record, {&i, 1}) : out.record(record);
        },
        std::make_shared<MemorySink>(), "a\n");
    job.options.memory = std::size_t{32} << 20;
    if (rows) {
      job.plan.keyed_by = KeyedBy::rows;
      job.plan.row_values = 1;
      job.plan.measures = {{Reduction::sum, 0}};
    }
    EXPECT_THROW(run(job), BudgetError);
  }
}

TEST(UserFunction, RecordsThatItMakesTooLongAreBad) {
  const std::string giant(500, 'g');
  const auto longer = [&](std::string_view r) { return r == "a" ? giant : std::string(r); };
  const auto sink = std::make_shared<MemorySink>();
  const Job words = read(text("a\nb\n")).map(longer).words().count().write(sink);
  const Job pairs = read(text("a\nb\n"))
                        .map([&](std::string_view r) { return std::pair(longer(r), 1); })
                        .reduce_by_key(sum)
                        .write(sink);
  const Job pieces = read(text("a\nb\n"))
                         .flat_map([&](std::string_view r) {
                           return std::vector{longer(r), longer("b")};
                         })
                         .count_by_value()
                         .write(sink);
  for (Job job : {words, pairs, pieces}) {
    job.options.max_record_bytes = 499;
    EXPECT_EQ(oversized(run(job)), 1U);
    EXPECT_EQ(totals(*sink), (Counts{{"b", job.plan.keyed_by == KeyedBy::record ? 3 : 1}}));
    job.options.on_bad_record = OnBadRecord::stop;
    EXPECT_THROW(run(job), BadRecordError);
    job.options.max_record_bytes = 500;
    EXPECT_EQ(oversized(run(job)), 0U);
  }
}

// They come row by row, and backends read column by column.
TEST(UserFunction, MayGiveSeveralValuesWithAKey) {
  for (const std::uint32_t values : {1U, 2U, 3U, 5U}) {
    const auto sink = std::make_shared<MemorySink>();
    Job job = job_with(
        [values](std::string_view record, RecordOut& out) {
          std::vector<std::int64_t> row;
          for (std::uint32_t i = 0; i < values; ++i) row.push_back(10 * i + (record == "a" ? 1 : 2));
          out.row("key", row);
        },
        sink);
    job.plan.keyed_by = KeyedBy::rows;
    job.plan.row_values = values;
    job.plan.measures.clear();
    std::vector<Int128> expected;
    for (std::uint32_t i = 0; i < values; ++i) {
      job.plan.measures.push_back({Reduction::sum, i});
      expected.push_back(20 * i + 3);
    }
    run(job);
    EXPECT_THAT(sink->epochs().begin()->second,
                ElementsAre(::testing::Field(&testing::MemoryRow::values, expected)))
        << values << " values";
  }
}

TEST(UserFunction, MustGiveWhatThePlanExpects) {
  const auto sink = std::make_shared<MemorySink>();
  const auto gives_record = [](std::string_view record, RecordOut& out) { out.record(record); };
  const auto gives_row = [](std::string_view record, RecordOut& out) {
    out.row(record, std::vector<std::int64_t>{1, 2});
  };
  Job rows = job_with(gives_record, sink);
  rows.plan.keyed_by = KeyedBy::rows;
  rows.plan.row_values = 1;
  EXPECT_THROW(run(rows), ConfigError) << "a record for a job of rows";
  rows.host = gives_row;
  EXPECT_THROW(run(rows), ConfigError) << "a value too many";
  EXPECT_THROW(run(job_with(gives_row, sink)), ConfigError) << "a row for a job of words";
}

TEST(UserSource, MessagesAboveTheLimitAreBad) {
  const auto messages = [](const SourceOptions&) {
    const Framing lenient{.kind = Framing::Kind::message,
                          .max_record_bytes = 200};  // its own limit, not the job's
    auto source = std::make_unique<MemorySource>(lenient);
    const std::string longest(100, 'l');
    for (const std::string_view message : {"aa", "", longest.c_str(), "aa"}) {
      source->push(std::string(250, 'g'));
      source->push(std::string(101, 'g'));
      source->push(message);
    }
    source->finish();
    SourceList list;
    list.push_back(std::move(source));
    return list;
  };
  for (const std::size_t batch_bytes : {64UL, 4096UL}) {
    for (const std::size_t batch_records : {0UL, 2UL}) {
      const auto sink = std::make_shared<MemorySink>();
      Job job = read(SourceFactory(messages)).count_by_value().write(sink);
      job.options.max_record_bytes = 100;
      job.options.batch_bytes = batch_bytes;
      job.options.batch_records = batch_records;
      EXPECT_EQ(oversized(run(job)), 8U);
      EXPECT_EQ(totals(*sink), (Counts{{"", 1}, {"aa", 2}, {std::string(100, 'l'), 1}}));
      job.options.on_bad_record = OnBadRecord::stop;
      EXPECT_THROW(run(job), BadRecordError);
    }
  }
}

/// Does what its functions say, where they are given.
class OddSource final : public Source {
 public:
  explicit OddSource(
      std::function<ReadResult()> read, std::function<void()> marks = [] {})
      : read_(std::move(read)), marks_(std::move(marks)) {}
  ReadResult read(std::span<std::byte>, const Records&, Deadline) override { return read_(); }
  std::span<const Partition> partitions() const override { return {}; }
  void marks(Marks&) override { marks_(); }
  bool replayable() const override { return false; }
  void seek(std::span<const Mark>) override {}
  void wake() noexcept override {}

 private:
  std::function<ReadResult()> read_;
  std::function<void()> marks_;
};

Job job_from(std::function<std::unique_ptr<Source>()> make) {
  return read([make = std::move(make)](const SourceOptions&) {
           SourceList list;
           list.push_back(make());
           return list;
         })
      .words()
      .count()
      .write(std::make_shared<MemorySink>());
}

TEST(UserSource, CannotAskForMoreRoomThanABatchMayHave) {
  const Job job = job_from([] {
    return std::make_unique<OddSource>(
        [] { return ReadResult{.status = ReadResult::Status::too_big, .bytes = kBatchBytesMax + 1}; });
  });
  EXPECT_THROW(run(job), ConfigError);
}

TEST(UserSource, WhosePositionFailsForNowIsAskedAgain) {
  int calls = 0;
  Job job = job_from([&] {
    return std::make_unique<OddSource>([] { return ReadResult{.status = ReadResult::Status::end}; },
                                       [&] {
                                         if (++calls == 2) throw TransientError("not now");
                                       });
  });
  job.options.retry_pause = 1us;
  EXPECT_EQ(run(job).progress.retries, 1U);
}

TEST(UserObjects, ThatAreNullOrEmptyAreProblems) {
  using Rows = std::span<const Aggregate>;
  const KeyedStream words = read(SourceFactory()).words().count();
  for (const RowFunction& function :
       {RowFunction(std::function<void(Rows)>()), RowFunction(std::function<void(Rows, const Epoch&)>()),
        RowFunction(static_cast<void (*)(Rows)>(nullptr))}) {
    const Job job = words.write(std::shared_ptr<Sink>()).write(function);
    EXPECT_THAT(problems(job), ElementsAre(HasSubstr("makes sources is empty"), HasSubstr("a sink is null"),
                                           HasSubstr("function for the rows is empty")));
    EXPECT_THROW(run(job), ConfigError);
  }
  EXPECT_THROW(run(job_from([] { return nullptr; })), ConfigError);

  using Map = std::function<std::string(std::string_view)>;
  using PairMap = std::function<std::pair<std::string, int>(std::string_view)>;
  using FlatMap = std::function<std::vector<std::string>(std::string_view)>;
  using Filter = bool (*)(std::string_view);
  EXPECT_THROW(static_cast<void>(read("a").map(Map())), ConfigError);
  EXPECT_THROW(static_cast<void>(read("a").map(PairMap())), ConfigError);
  EXPECT_THROW(static_cast<void>(read("a").filter(Filter())), ConfigError);
  EXPECT_THROW(static_cast<void>(read("a").flat_map(FlatMap())), ConfigError);
}

TEST(UserObjects, OneSinkIsGivenOnce) {
  const auto sink = std::make_shared<MemorySink>();
  const Job job = read(text("a")).words().count().write(sink).write(std::make_shared<MemorySink>()).write(sink);
  EXPECT_THAT(problems(job), ElementsAre(HasSubstr("a sink is given twice")));
}

TEST(UserObjects, NoSourcesAreAnEmptyInput) {
  const auto sink = std::make_shared<MemorySink>();
  run(read([](const SourceOptions&) { return SourceList(); }).words().count().write(sink));
  EXPECT_EQ(sink->epochs().size(), 1U);
}

TEST(UserObjects, AJobThatWasMovedFromSaysSo) {
  RunningJob first = start(read(text("a")).words().count().write(std::make_shared<MemorySink>()));
  RunningJob second = std::move(first);
  // NOLINTBEGIN(bugprone-use-after-move): that is what is tried.
  EXPECT_THROW(first.stop(), ConfigError);
  EXPECT_THROW(first.wait(), ConfigError);
  EXPECT_THROW(static_cast<void>(first.finished()), ConfigError);
  EXPECT_THROW(static_cast<void>(first.progress()), ConfigError);
  first = std::move(second);
  EXPECT_EQ(first.wait().progress.tokens, 1U);
  // NOLINTEND(bugprone-use-after-move)
}

TEST(UserCode, AMessageKeepsItsCarriageReturnAndALineDoesNot) {
  for (const auto kind : {Framing::Kind::message, Framing::Kind::newline}) {
    const bool messages = kind == Framing::Kind::message;
    std::map<std::string, std::int64_t> counts;
    run(read([=](const SourceOptions&) {
          auto source = std::make_unique<testing::MemorySource>(Framing{.kind = kind});
          source->push(messages ? "a\r" : "a\r\n");
          source->finish();
          SourceList list;
          list.push_back(std::move(source));
          return list;
        })
            .filter([](std::string_view) { return true; })
            .count_by_value()
            .write([&](std::span<const Aggregate> rows) {
              for (const Aggregate& row : rows) counts[std::string(row.key)] += row.count;
            }));
    EXPECT_EQ(counts, (std::map<std::string, std::int64_t>{{messages ? "a\r" : "a", 1}}));
  }
}

}  // namespace
}  // namespace millrace::user_code_test
