// From settings of several origins to a job.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/flags/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include <millrace/error.h>

#include "host/program/cli/flags/command_line.h"
#include "host/program/cli/flags/flags.h"
#include "tests/host/program/cli/refusal.h"

namespace millrace::cli::settings_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Settings settings_of(const std::vector<std::string>& arguments) {
  return read_settings(read_command_line(arguments).settings);
}
Plan plan_of(const std::vector<std::string>& arguments) {
  return settings_of(arguments).job.plan;
}

TEST(Settings, WithoutAnyTheProgramIsAFilter) {
  const Settings settings = settings_of({});
  EXPECT_THAT(settings.job.from, ElementsAre("-"));
  EXPECT_THAT(settings.job.to, ElementsAre("stdout:"));
  EXPECT_EQ(settings.job.plan.keyed_by, KeyedBy::words);
  EXPECT_THAT(settings.job.plan.measures, ElementsAre(Measure{}));
  EXPECT_THAT(problems(settings.job.plan), IsEmpty());
  EXPECT_EQ(settings.job.layout.format, Format::automatic);
}

TEST(Settings, EveryFlagReachesTheJob) {
  const Settings s = settings_of({"--from=a",
                                  "--to=b",
                                  "--every=1s",
                                  "--top=3",
                                  "--order=key",
                                  "--fold-case",
                                  "--alphanumeric",
                                  "--backend=cpu",
                                  "--threads=2",
                                  "--readers=4",
                                  "--memory=1GiB",
                                  "--batch-bytes=4KiB",
                                  "--batch-time=5ms",
                                  "--batch-records=10k",
                                  "--max-record-bytes=1MiB",
                                  "--on-bad-record=stop",
                                  "--format=csv",
                                  "--no-output-header",
                                  "--name=hourly",
                                  "--progress=never",
                                  "--color=always",
                                  "--log-format=json",
                                  "-v",
                                  "--drain-timeout=5s"});
  EXPECT_THAT(s.job.from, ElementsAre("a"));
  EXPECT_THAT(s.job.to, ElementsAre("b"));
  EXPECT_EQ(s.job.plan.every, 1s);
  EXPECT_EQ(s.job.plan.top, 3U);
  EXPECT_EQ(s.job.plan.order, Order::key);
  EXPECT_TRUE(s.job.plan.words.fold_case && s.job.plan.words.alphanumeric);
  EXPECT_EQ(s.job.options.backend, BackendKind::cpu);
  EXPECT_EQ(s.job.options.threads, 2U);
  EXPECT_EQ(s.job.options.readers, 4U);
  EXPECT_EQ(s.job.options.memory, std::size_t{1} << 30);
  EXPECT_EQ(s.job.options.batch_bytes, 4096U);
  EXPECT_EQ(s.job.options.batch_time, 5ms);
  EXPECT_EQ(s.job.options.batch_records, 10000U);
  EXPECT_EQ(s.job.options.max_record_bytes, std::size_t{1} << 20);
  EXPECT_EQ(s.job.options.on_bad_record, OnBadRecord::stop);
  EXPECT_EQ(s.job.layout.format, Format::csv);
  EXPECT_FALSE(s.job.layout.header);
  EXPECT_EQ(s.job.name, "hourly");
  EXPECT_EQ(s.progress, When::never);
  EXPECT_EQ(s.color, When::always);
  EXPECT_EQ(s.log_format, LogFormat::json);
  EXPECT_TRUE(s.verbose);
  EXPECT_EQ(s.drain_timeout, 5s);
}

TEST(Settings, VerifyingIsEveryEpochOneInSomeOrNone) {
  EXPECT_EQ(settings_of({}).job.options.verify, 0U);
  EXPECT_EQ(settings_of({"--verify"}).job.options.verify, 1U);
  EXPECT_EQ(settings_of({"--verify=true"}).job.options.verify, 1U);
  EXPECT_EQ(settings_of({"--verify=3"}).job.options.verify, 3U);
  EXPECT_EQ(settings_of({"--verify=false"}).job.options.verify, 0U);
  for (const char* bad : {"--verify=0", "--verify=00", "--verify=no", "--verify=1k", "--verify=-1"})
    EXPECT_EQ(refusal_of({bad}).exit_code(), 64) << bad;
}

TEST(Settings, EveryDefaultIsWhatTheHelpSays) {
  const Settings plain = settings_of({});
  for (const Flag& flag : flags()) {
    if (flag.default_text.empty() || flag.repeats) continue;
    Settings set = plain;
    ASSERT_NO_THROW(flag.set(set, flag.default_text)) << flag.name;
    EXPECT_EQ(set.job.options.batch_time, plain.job.options.batch_time);
    EXPECT_EQ(set.job.options.max_record_bytes, plain.job.options.max_record_bytes);
    EXPECT_EQ(set.drain_timeout, plain.drain_timeout);
    EXPECT_EQ(set.job.plan.order, plain.job.plan.order);
    EXPECT_EQ(set.job.layout.header, plain.job.layout.header);
    EXPECT_EQ(set.job.layout.format, plain.job.layout.format);
    EXPECT_EQ(set.job.plan.fields.delimiter, plain.job.plan.fields.delimiter);
    EXPECT_EQ(set.job.plan.fields.key, plain.job.plan.fields.key);
    EXPECT_EQ(set.job.options.on_bad_record, plain.job.options.on_bad_record);
    EXPECT_EQ(set.job.options.backend, plain.job.options.backend);
    EXPECT_EQ(set.job.options.threads, plain.job.options.threads);
    EXPECT_EQ(set.job.options.readers, plain.job.options.readers);
    EXPECT_EQ(set.job.options.memory, plain.job.options.memory);
    EXPECT_EQ(set.job.options.batch_bytes, plain.job.options.batch_bytes);
    EXPECT_EQ(set.job.options.batch_records, plain.job.options.batch_records);
    EXPECT_EQ(set.job.options.verify, plain.job.options.verify);
    EXPECT_EQ(set.job.plan.every, plain.job.plan.every);
    EXPECT_EQ(set.job.plan.top, plain.job.plan.top);
    EXPECT_EQ(set.job.plan.words.fold_case, plain.job.plan.words.fold_case);
    EXPECT_EQ(set.job.plan.words.alphanumeric, plain.job.plan.words.alphanumeric);
    EXPECT_EQ(set.job.plan.fields.scale, plain.job.plan.fields.scale);
    EXPECT_EQ(set.by.value_or(KeyedBy::words), plain.job.plan.keyed_by);
    EXPECT_EQ(set.progress, plain.progress);
    EXPECT_EQ(set.color, plain.color);
    EXPECT_EQ(set.log_format, plain.log_format);
    EXPECT_EQ(set.verbose, plain.verbose);
    EXPECT_EQ(set.quiet, plain.quiet);
  }
}

// Whoever is told that two jobs differ in a line knows what to give.
TEST(Settings, LinesOfCanonicalTextsHaveTheNamesOfFlags) {
  for (const char* by : {"--by=words", "--by=split", "--value=2", "--by=lines"})
    for (const std::string& line : differences(canonical_text(plan_of({by})), ""))
      EXPECT_NE(find_flag(line), nullptr) << line;
}

TEST(Settings, AFieldMakesTheJobOneOfFields) {
  const Plan plan = plan_of({"--key", "1", "--value", "2", "--scale", "2", "--delimiter", "tab"});
  EXPECT_EQ(plan.keyed_by, KeyedBy::fields);
  EXPECT_EQ(plan.fields.key, 1U);
  EXPECT_EQ(plan.fields.delimiter, '\t');
  EXPECT_THAT(plan.fields.values, ElementsAre(2U));
  EXPECT_THAT(plan.measures, ElementsAre(Measure{Reduction::sum, 0})) << "a value without a measure is summed";
  EXPECT_EQ(plan_of({"--key", "1"}).measures.front().reduction, Reduction::count);
  EXPECT_EQ(plan_of({"--key", "1", "--value", "2", "--scale", "2"}).fields.scale, 2U);
  EXPECT_EQ(plan_of({"--measure", "sum:2"}).keyed_by, KeyedBy::fields);
  EXPECT_EQ(plan_of({"--measure", "count:2"}).keyed_by, KeyedBy::fields) << "a field is named";
  EXPECT_EQ(plan_of({"--measure", "count"}).keyed_by, KeyedBy::words);
  EXPECT_EQ(plan_of({"--by", "lines"}).keyed_by, KeyedBy::record);
}

TEST(Settings, DelimitersThatShellsSwallowHaveNames) {
  for (const auto& [name, byte] : {std::pair("tab", '\t'), std::pair("\\t", '\t'), std::pair("space", ' '),
                                   std::pair("comma", ','), std::pair(";", ';'), std::pair("a", 'a')})
    EXPECT_EQ(plan_of({"--key", "1", "--delimiter", name}).fields.delimiter, byte) << name;
}

TEST(Settings, MeasuresNameTheirFieldsOrTakeEveryValue) {
  EXPECT_THAT(plan_of({"--value=2,4", "--measure=count,sum,mean"}).measures,
              ElementsAre(Measure{}, Measure{Reduction::sum, 0}, Measure{Reduction::sum, 1},
                          Measure{Reduction::mean, 0}, Measure{Reduction::mean, 1}));
  const Plan mixed = plan_of({"--value=2,4", "--measure=sum:4,mean:5"});
  EXPECT_THAT(mixed.fields.values, ElementsAre(2U, 4U, 5U));
  EXPECT_THAT(mixed.measures, ElementsAre(Measure{Reduction::sum, 1}, Measure{Reduction::mean, 2}));
  EXPECT_THAT(plan_of({"--value=2", "--measure=mean:5,sum"}).measures,
              ElementsAre(Measure{Reduction::mean, 1}, Measure{Reduction::sum, 0}))
      << "a field that only a measure names is no value for the others";
  const Plan plan = plan_of({"--measure=max:5", "--measure=sum:2,min:5"});
  EXPECT_THAT(plan.fields.values, ElementsAre(5U, 2U));
  EXPECT_THAT(plan.measures,
              ElementsAre(Measure{Reduction::max, 0}, Measure{Reduction::sum, 1}, Measure{Reduction::min, 0}));
}

TEST(Settings, FieldsCountFromOne) {
  EXPECT_EQ(plan_of({"--by", "fields"}).fields.key, 1U) << "the first is the key if none is named";
  const ConfigError error = refusal_of({"--key=0", "--value=2,0", "--measure=sum:0"});
  EXPECT_THAT(error.problems(), ElementsAre("--key: fields count from 1, as in cut: the first is 1",
                                            "--value: fields count from 1, as in cut: the first is 1",
                                            "--measure: fields count from 1, as in cut: the first is 1"));
  EXPECT_EQ(error.exit_code(), 64);
  EXPECT_EQ(refusal({{"key", {{"0"}, Origin::file, "job.toml:3:1"}}}).exit_code(), 78);
}

TEST(Settings, TooManyMeasuresAreOneProblem) {
  std::vector<std::string> many;
  for (int field = 1; field <= 100'000; ++field) many.push_back("--value=" + std::to_string(field));
  const auto measures = [&](int number) {
    std::vector<std::string> arguments = many;
    arguments.insert(arguments.end(), static_cast<std::size_t>(number), "--measure=sum");
    return problems(plan_of(arguments));
  };
  EXPECT_THAT(measures(1), ElementsAre(HasSubstr("at most 1024 measures")));
  EXPECT_THAT(measures(100'000), ElementsAre(HasSubstr("at most 1024 measures")));
}

TEST(Settings, ASumWithoutAValueIsAProblemOfThePlan) {
  EXPECT_THAT(problems(plan_of({"--by=fields", "--measure=sum"})), ::testing::SizeIs(1));
}

TEST(Settings, FieldsOfWordsAreRefused) {
  EXPECT_THAT(refusal_of({"--by=words", "--value=2"}).what(), HasSubstr("--value: belongs to --by fields"));
  EXPECT_THAT(refusal_of({"--by=words", "--measure=sum"}).what(), HasSubstr("--measure: belongs"));
  EXPECT_STREQ(refusal_of({"--by=words", "--measure=count"}).what(), "taken");
}

TEST(Settings, LongValuesAreShortenedInMessages) {
  const std::string longest(100'000, '7');
  for (const std::string flag :
       {"top", "memory", "every", "format", "no-output-header", "verify", "delimiter", "threads"})
    EXPECT_LT(std::string(refusal_of({"--" + flag + '=' + longest}).what()).size(), 400U) << flag;
}

TEST(Settings, AllProblemsAreToldAtOnce) {
  const ConfigError error = refusal_of({"--top=many", "--memory=12parsecs", "--format=tabel"});
  EXPECT_THAT(
      error.problems(),
      ElementsAre(HasSubstr("--format: \"tabel\" is not one of auto, table, text, json, csv, tsv (did you "
                            "mean \"table\"?)"),
                  HasSubstr("--top: "), HasSubstr("--memory: ")));
  EXPECT_EQ(error.exit_code(), 64);
}

TEST(Settings, OneValueIsGivenOnce) {
  EXPECT_STREQ(refusal_of({"--top=1", "--top=2"}).what(), "--top: is given twice, and takes one value");
  EXPECT_EQ(refusal_of({"--delimiter=;", "--delimiter=;", "--key=1"}).exit_code(), 64);
  EXPECT_STREQ(refusal_of({"--no-output-header", "--no-output-header=false"}).what(),
               "--no-output-header: is given twice, and takes one value");
  EXPECT_TRUE(settings_of({"-v", "-v"}).verbose) << "a switch may be given again";
  EXPECT_EQ(settings_of({"-q", "book.txt"}).job.from, std::vector<std::string>{"book.txt"})
      << "and takes no value";
}

TEST(Settings, ADelimiterIsOneByte) {
  EXPECT_THAT(refusal_of({"--key=1", "--delimiter=::"}).what(), HasSubstr("is not one byte"));
  EXPECT_THAT(refusal_of({"--key=1", "--delimiter=blanks"}).what(), HasSubstr("awk '{print $3}' FILE"));
}

TEST(Settings, ACheckpointIsADirectoryOfThisMachine) {
  EXPECT_THAT(refusal_of({"--checkpoint", ""}).what(), HasSubstr("name is empty"));
  for (const char* address : {"hdfs://host/a", "file:a", "s3://a"})
    EXPECT_THAT(refusal_of({"--checkpoint", address}).what(), HasSubstr("directory of this machine"))
        << address;
  for (const char* path : {"a", "./a:b", "a:b", "/a//b"})
    EXPECT_STREQ(refusal_of({"--checkpoint", path}).what(), "taken") << path;
}

TEST(Settings, NumbersFitThirtyTwoBits) {
  EXPECT_EQ(settings_of({"--threads=4294967295"}).job.options.threads, 4294967295U);
  for (const char* flag : {"--threads=4294967296", "--readers=5G", "--scale=4294967296", "--key=4294967297"})
    EXPECT_THAT(refusal_of({flag}).what(), HasSubstr("\" is too large")) << flag;
}

TEST(Settings, OneFieldIsTheKey) {
  EXPECT_THAT(refusal_of({"--key=1", "--key=3"}).what(),
              HasSubstr("awk -F, '{print $1\",\"$3}' FILE | millrace --by lines"));
  EXPECT_THAT(refusal_of({"--delimiter=tab", "--key=2,9,4"}).what(),
              HasSubstr("awk -F'\\t' '{print $2\",\"$9\",\"$4}' FILE | millrace --by lines"));
  EXPECT_THAT(refusal_of({"--delimiter=space", "--key=1,2"}).what(),
              HasSubstr("awk -F'[ ]' '{print $1\",\"$2}'"));
  EXPECT_THAT(refusal_of({"--delimiter=;", "--key=1,2"}).what(), HasSubstr("awk -F';' '{print $1\",\"$2}'"));
  EXPECT_THAT(refusal_of({"--key=1,2,3,4,5,6,7,8"}).what(), HasSubstr("\",\"$7\",\"$8}"));
  EXPECT_THAT(refusal_of({"--key=1,2,3,4,5,6,7,8,9"}).what(), HasSubstr("{print $1\",\"$3}"))
      << "too many to show";
  EXPECT_THAT(refusal_of({"--key=a,b"}).what(), HasSubstr("{print $1\",\"$3}"));
  EXPECT_THAT(refusal_of({"--key=customer"}).what(), HasSubstr("\"customer\" is not the number of a field"));
  EXPECT_THAT(refusal_of({"--value=amount"}).what(), HasSubstr("head -n 1 FILE"));
  EXPECT_THAT(refusal_of({"--value=$4"}).what(), HasSubstr("write 4"));
}

TEST(Settings, FlagBeatsEnvironmentBeatsFile) {
  const SettingMap flags = {{"top", {{"1"}, Origin::flag, "--top"}}};
  const SettingMap environment = {{"top", {{"2"}, Origin::environment, "MILLRACE_TOP"}},
                                  {"threads", {{"2"}, Origin::environment, "MILLRACE_THREADS"}}};
  const SettingMap file = {{"threads", {{"3"}, Origin::file, "f:1:1"}},
                           {"order", {{"key"}, Origin::file, "f:2:1"}}};
  const SettingMap merged = merge(flags, environment, file);
  EXPECT_EQ(merged.at("top").texts, std::vector<std::string>{"1"});
  EXPECT_EQ(merged.at("threads").origin, Origin::environment);
  EXPECT_EQ(merged.at("order").origin, Origin::file);
}

TEST(Settings, FilesReplaceTheSourcesOfTheEnvironment) {
  const SettingMap environment = {{"from", {{"env.txt"}, Origin::environment, "MILLRACE_FROM"}}};
  const SettingMap merged = merge(read_command_line({"book.txt"}).settings, environment, {});
  EXPECT_THAT(read_settings(merged).job.from, ElementsAre("book.txt"));
}

TEST(Settings, AProblemOutsideTheCommandLineIsOneOfConfiguration) {
  const ConfigError error = refusal({{"top", {{"x"}, Origin::environment, "MILLRACE_TOP"}}});
  EXPECT_EQ(error.exit_code(), 78);
  EXPECT_THAT(error.what(), HasSubstr("MILLRACE_TOP: "));
}

// Whoever typed something wrong is told so, whatever else is wrong, and wherever it comes in the list of flags.
TEST(Settings, OneProblemOnTheCommandLineMakesItOneOfUsage) {
  const Setting bad_flag{{"x"}, Origin::flag, "--bad"};
  for (const Origin origin : {Origin::environment, Origin::file}) {
    const Setting bad_other{{"x"}, origin, "elsewhere"};
    EXPECT_EQ(refusal({{"top", bad_flag}, {"memory", bad_other}}).exit_code(), 64);
    EXPECT_EQ(refusal({{"top", bad_other}, {"memory", bad_flag}}).exit_code(), 64);
    EXPECT_EQ(refusal({{"top", bad_other}, {"memory", bad_other}}).exit_code(), 78);
    EXPECT_EQ(
        refusal({{"top", bad_flag}, {"by", {{"words"}, Origin::flag, "--by"}}, {"key", {{"1"}, origin, "k"}}})
            .exit_code(),
        64);
  }
}

TEST(Environment, EveryFlagHasItsTwin) {
  std::vector<std::string> entries;
  for (const Flag& flag : flags()) entries.push_back(environment_name(flag.name) + "=x");
  std::vector<const char*> environment;
  for (const std::string& entry : entries) environment.push_back(entry.c_str());
  environment.push_back(nullptr);
  std::vector<std::string> warnings;
  const SettingMap settings = read_environment(environment.data(), warnings);
  for (const Flag& flag : flags()) EXPECT_TRUE(settings.contains(flag.name)) << flag.name;
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Environment, SaysWhereAJobIsToFail) {
  const auto settings = [](const char* entry) {
    const std::array<const char*, 2> environment = {entry, nullptr};
    std::vector<std::string> warnings;
    return read_settings(read_environment(environment.data(), warnings));
  };
  EXPECT_EQ(settings("MILLRACE_FAULT=log.sync:2:kill").job.seams.faults, "log.sync:2:kill");
  EXPECT_EQ(settings("MILLRACE_FAULT=").job.seams.faults, "");
  try {
    settings("MILLRACE_FAULT=log.sync:klil,log.snyc:kill");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 78);
    EXPECT_THAT(error.problems(), ElementsAre(HasSubstr("MILLRACE_FAULT: the fault \"log.sync:klil\""),
                                              HasSubstr("did you mean \"log.sync\"?")));
  }
}

TEST(Environment, NearMissesAreWarnedOf) {
  const std::array<const char*, 5> environment = {"MILLRACE_TREADS=4", "MILLRACE_SOMETHING_ELSE=1", "PATH=/bin",
                                                  "MILLRACE_BATCH_BYTES=64KiB=", nullptr};
  std::vector<std::string> warnings;
  const SettingMap settings = read_environment(environment.data(), warnings);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("did you mean \"MILLRACE_THREADS\"?")));
  EXPECT_THAT(settings.at("batch-bytes").texts, ElementsAre("64KiB="));
}

}  // namespace
}  // namespace millrace::cli::settings_test
