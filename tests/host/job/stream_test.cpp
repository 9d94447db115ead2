// The fluent API builds the job that its steps say.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/stream.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>

namespace millrace::stream_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

/// Keeps what host functions hand on.
class Kept final : public RecordOut {
 public:
  void record(std::string_view text) override { records.emplace_back(text); }
  void row(std::string_view key, std::span<const std::int64_t> values) override {
    rows.emplace_back(key, std::vector(values.begin(), values.end()));
  }
  std::vector<std::string> records;
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> rows;
};

Kept apply(const Job& job, std::string_view record) {
  Kept kept;
  job.host(record, kept);
  return kept;
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

TEST(Stream, TheHeadlineExample) {
  const Job job = read("tcp://localhost:9999").words().count().every(1s).write("stdout:");
  EXPECT_THAT(job.from, ElementsAre("tcp://localhost:9999"));
  EXPECT_THAT(job.to, ElementsAre("stdout:"));
  EXPECT_EQ(job.plan.keyed_by, KeyedBy::words);
  EXPECT_EQ(job.plan.every, 1s);
  EXPECT_THAT(job.plan.measures, ElementsAre(Measure{}));
  EXPECT_FALSE(job.host) << "without host functions records go straight to the backend";
  EXPECT_THAT(problems(job.plan), IsEmpty());
}

TEST(Stream, ReadsOneOrSeveralAddresses) {
  const std::vector<std::string> uris = {"a", "b", "c"};
  EXPECT_THAT(Job(read("a").words().count().write("-")).from, ElementsAre("a"));
  EXPECT_THAT(Job(read({"a"}).words().count().write("-")).from, ElementsAre("a"));
  EXPECT_THAT(Job(read({"a", "b"}).words().count().write("-")).from, ElementsAre("a", "b"));
  EXPECT_THAT(Job(read(uris).words().count().write("-")).from, ElementsAre("a", "b", "c"));
}

TEST(Stream, ReadsTheCallersSources) {
  const Job job = read([](const SourceOptions&) { return SourceList{}; }).words().count().write("-");
  EXPECT_EQ(job.from_sources.size(), 1U);
  EXPECT_THAT(job.from, IsEmpty());
}

TEST(Stream, WordsAndSplitTakeTheirRules) {
  const Job words = read("a").words({.fold_case = true, .alphanumeric = true}).count().write("-");
  EXPECT_TRUE(words.plan.words.fold_case);
  EXPECT_TRUE(words.plan.words.alphanumeric);
  const Job split = read("a").split(' ').count().write("-");
  EXPECT_EQ(split.plan.keyed_by, KeyedBy::split);
  EXPECT_EQ(split.plan.fields.delimiter, ' ');
}

TEST(Stream, FieldsReduceTheirValue) {
  const FieldStream fields = read("a").fields({.delimiter = ';', .key = 1, .value = 4, .scale = 2});
  const Job job = fields.sum().write("-");
  EXPECT_EQ(job.plan.keyed_by, KeyedBy::fields);
  EXPECT_EQ(job.plan.fields.delimiter, ';');
  EXPECT_EQ(job.plan.fields.key, 1U);
  EXPECT_EQ(job.plan.fields.scale, 2U);
  EXPECT_THAT(job.plan.fields.values, ElementsAre(4U));
  EXPECT_THAT(job.plan.measures, ElementsAre(Measure{Reduction::sum, 0}));
  EXPECT_EQ(Job(fields.count().write("-")).plan.measures[0].reduction, Reduction::count);
  EXPECT_EQ(Job(fields.min().write("-")).plan.measures[0].reduction, Reduction::min);
  EXPECT_EQ(Job(fields.max().write("-")).plan.measures[0].reduction, Reduction::max);
  EXPECT_EQ(Job(fields.mean().write("-")).plan.measures[0].reduction, Reduction::mean);
}

TEST(Stream, ASumWithoutAValueIsAProblem) {
  EXPECT_EQ(problems(Job(read("a").fields({.key = 1}).sum().write("-")).plan).size(), 1U);
  EXPECT_THAT(problems(Job(read("a").fields({.key = 1}).count().write("-")).plan), IsEmpty());
}

TEST(Stream, FieldsCountFromOne) {
  EXPECT_EQ(Job(read("a").fields().count().write("-")).plan.fields.key, 1U);
  for (const Job& job : {Job(read("a").fields({.key = 0}).count().write("-")),
                         Job(read("a").fields({.value = 0}).sum().write("-")),
                         Job(read("a").fields().measure({mean(0)}).write("-"))}) {
    EXPECT_THAT(problems(job.plan), ElementsAre(::testing::HasSubstr("fields count from 1, as in cut")));
    EXPECT_THROW(run(job), ConfigError);
  }
}

TEST(Stream, SeveralMeasuresNumberTheirFieldsOnce) {
  const Job job =
      read("a").fields({.key = 1, .scale = 1}).measure({count(), sum(3), mean(2), max(3)}).write("-");
  EXPECT_THAT(job.plan.fields.values, ElementsAre(3U, 2U));
  EXPECT_THAT(job.plan.measures, ElementsAre(Measure{}, Measure{Reduction::sum, 0}, Measure{Reduction::mean, 1},
                                             Measure{Reduction::max, 0}));
  EXPECT_THAT(problems(job.plan), IsEmpty());
}

TEST(Stream, CountByValueKeysByTheRecord) {
  EXPECT_EQ(Job(read("a").count_by_value().write("-")).plan.keyed_by, KeyedBy::record);
}

TEST(Stream, HostFunctionsRunInTheOrderWritten) {
  const Job job = read("a")
                      .filter([](std::string_view record) { return !record.starts_with('#'); })
                      .map(upper)
                      .flat_map([](std::string_view record) {
                        return std::vector<std::string>{std::string(record), std::string(record) + "!"};
                      })
                      .words()
                      .count()
                      .write("-");
  EXPECT_EQ(job.plan.keyed_by, KeyedBy::words);
  EXPECT_THAT(apply(job, "hey you").records, ElementsAre("HEY YOU", "HEY YOU!"));
  EXPECT_THAT(apply(job, "# no").records, IsEmpty());
}

TEST(Stream, AMapToPairsMakesRows) {
  const Job job = read("a")
                      .map(upper)
                      .map([](std::string_view record) {
                        return std::pair(std::string(record.substr(0, 1)), std::ssize(record));
                      })
                      .reduce_by_key(sum)
                      .write("-");
  EXPECT_EQ(job.plan.keyed_by, KeyedBy::rows);
  EXPECT_EQ(job.plan.row_values, 1U);
  EXPECT_THAT(job.plan.measures, ElementsAre(Measure{Reduction::sum, 0}));
  EXPECT_THAT(apply(job, "abc").rows, ElementsAre(Pair("A", ElementsAre(3))));
  EXPECT_THAT(problems(job.plan), IsEmpty());
}

TEST(Stream, PairsHoldAnyIntegerThatFits) {
  const auto value = [](auto number) {
    const PairStream pairs = read("a").map([=](std::string_view r) { return std::pair(r, number); });
    return apply(pairs.reduce_by_key(sum).write("-"), "k").rows.front().second.front();
  };
  EXPECT_EQ(value(std::uint32_t{0xffffffff}), 0xffffffff);
  EXPECT_EQ(value(INT64_MIN), INT64_MIN);
  EXPECT_EQ(value(std::int8_t{-1}), -1);
}

TEST(Stream, EveryReductionReducesByKey) {
  const PairStream pairs = read("a").map([](std::string_view r) { return std::pair(std::string(r), 1); });
  EXPECT_EQ(Job(pairs.reduce_by_key(count).write("-")).plan.measures[0].reduction, Reduction::count);
  EXPECT_EQ(Job(pairs.reduce_by_key(min).write("-")).plan.measures[0].reduction, Reduction::min);
  EXPECT_EQ(Job(pairs.reduce_by_key(max).write("-")).plan.measures[0].reduction, Reduction::max);
  EXPECT_EQ(Job(pairs.reduce_by_key(mean).write("-")).plan.measures[0].reduction, Reduction::mean);
}

TEST(Stream, ResultSettersReachTheJob) {
  Options options;
  options.threads = 3;
  const Job job = read("a")
                      .words()
                      .count()
                      .top(5)
                      .order(Order::key)
                      .format(Format::csv, false)
                      .with(options)
                      .name("hourly")
                      .version("2")
                      .checkpoint("cp")
                      .accept_gap()
                      .write("x");
  EXPECT_EQ(job.plan.top, 5U);
  EXPECT_EQ(job.plan.order, Order::key);
  EXPECT_EQ(job.layout.format, Format::csv);
  EXPECT_FALSE(job.layout.header);
  EXPECT_TRUE(Job(read("a").words().count().format(Format::csv).write("x")).layout.header);
  EXPECT_TRUE(Job(read("a").words().count().write("x")).layout.header);
  EXPECT_EQ(job.options.threads, 3U);
  EXPECT_EQ(job.name, "hourly");
  EXPECT_EQ(job.version, "2");
  EXPECT_EQ(job.checkpoint, "cp");
  EXPECT_TRUE(job.accept_gap);
}

TEST(Stream, SeveralSinksTakeTheSameRows) {
  const Job job = read("a")
                      .words()
                      .count()
                      .write("stdout:")
                      .write([](std::span<const Aggregate>) {})
                      .write(std::shared_ptr<Sink>());
  EXPECT_EQ(job.to.size(), 1U);
  EXPECT_EQ(job.to_functions.size(), 1U);
  EXPECT_EQ(job.to_sinks.size(), 1U);
}

TEST(Stream, AStepCanBeUsedTwice) {
  const TokenStream words = read("a").words();
  const Job first = words.count().top(1).write("x");
  const Job second = words.count().write("y");
  EXPECT_EQ(second.plan.top, 0U);
  EXPECT_THAT(second.to, ElementsAre("y"));
  EXPECT_THAT(first.to, ElementsAre("x"));
}

}  // namespace
}  // namespace millrace::stream_test
