// What is wrong with a job as it is written.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <millrace/millrace.h>

#include "tests/host/job/memory_jobs.h"
#include "tests/io/temporary_directory.h"

namespace millrace::problems_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemorySink;

/// The problems of a sound job with these options.
std::vector<std::string> problems_with(const std::function<void(Options&)>& set) {
  Job job{.from_sources = {text("a")}, .to_sinks = {std::make_shared<MemorySink>()}};
  set(job.options);
  return problems(job);
}

TEST(Problems, ThreadsAndReadersHaveALimit) {
  EXPECT_THAT(problems_with([](Options& o) { o.threads = o.readers = 1024; }), IsEmpty());
  for (unsigned Options::*number : {&Options::threads, &Options::readers})
    EXPECT_THAT(problems_with([&](Options& o) { o.*number = 1025; }),
                ElementsAre(HasSubstr("limited to 1024")));
}

TEST(Problems, BatchesAreNeitherTinyNorGiant) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{64}, kBatchBytesMax})
    EXPECT_THAT(problems_with([&](Options& o) { o.batch_bytes = bytes; }), IsEmpty()) << bytes;
  EXPECT_THAT(problems_with([](Options& o) { o.batch_bytes = 63; }), ElementsAre(HasSubstr("below 64B")));
  EXPECT_THAT(problems_with([](Options& o) { o.batch_bytes = kBatchBytesMax + 1; }),
              ElementsAre(HasSubstr("above 1GiB")));
}

TEST(Problems, ARecordFitsHalfOfTheLargestBatch) {
  for (const std::size_t bytes : {std::size_t{1}, kBatchBytesMax / 2})
    EXPECT_THAT(problems_with([&](Options& o) { o.max_record_bytes = bytes; }), IsEmpty()) << bytes;
  for (const std::size_t bytes : {std::size_t{0}, kBatchBytesMax / 2 + 1})
    EXPECT_THAT(problems_with([&](Options& o) { o.max_record_bytes = bytes; }),
                ElementsAre(HasSubstr("between 1B and 512MiB")))
        << bytes;
}

TEST(Problems, TimesAreNotNegative) {
  EXPECT_THAT(problems_with([](Options& o) {
                o.batch_time = 1ns;
                o.commit_every = o.retry_pause = 0ns;
              }),
              IsEmpty());
  for (const auto time : {0ns, -1ns})
    EXPECT_THAT(problems_with([&](Options& o) { o.batch_time = time; }),
                ElementsAre("batch-time must be above 0"));
  EXPECT_THAT(problems_with([](Options& o) { o.commit_every = -1ns; }), ElementsAre(HasSubstr("negative")));
  EXPECT_THAT(problems_with([](Options& o) { o.retry_pause = -1ns; }), ElementsAre(HasSubstr("negative")));
}

TEST(Problems, ACheckpointHasItsOwnPlace) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path();
  Job job{.from_sources = {text("a")}, .checkpoint = path + "/new"};
  for (const char* output : {"/new/", "/new", "/new//"}) {
    job.to = {path + output};
    EXPECT_THAT(problems(job), ElementsAre(HasSubstr("is in the checkpoint"))) << output;
  }
  job.to = {path + "/new/file"};
  EXPECT_THAT(problems(job), ElementsAre(HasSubstr("is in the checkpoint")))
      << "it may have a name of one of its files";
  job.to = {path + "/newer", path + "/other/"};
  EXPECT_THAT(problems(job), IsEmpty());
  job.checkpoint = path + '/';
  job.to = {path};
  EXPECT_THAT(problems(job), ElementsAre(HasSubstr("is in the checkpoint"))) << "it is there";
}

TEST(Problems, WhatAJobWithACheckpointWritesIsNoInputOfItsNextRun) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path();
  directory.write("x.txt", "a");
  Job job{.from = {path + "/*.txt"}, .to = {path + "/x.txt"}, .checkpoint = path + "/cp"};
  EXPECT_THAT(problems(job), ElementsAre(HasSubstr("is also an input")));
  job.to = {path + "/./not-yet.txt"};
  EXPECT_THAT(problems(job), ElementsAre(HasSubstr("is also an input")));
  job.to = {path + "/out.tsv", "-", "discard:"};
  EXPECT_THAT(problems(job), IsEmpty());
  job.from = {"*"};
  EXPECT_THAT(problems(job), IsEmpty()) << "- is no file";
  job.from = {path + "/*/*"};
  EXPECT_THAT(problems(job), ElementsAre(HasSubstr("the checkpoint's files are among the input")));
  job.checkpoint = path + "/deep/er/cp";
  EXPECT_THAT(problems(job), IsEmpty());
  job.to = {path + "/windows/"};
  EXPECT_THAT(problems(job), ElementsAre(HasSubstr("is also an input")));
  job.from = {path + "/windows/*.csv"};
  EXPECT_THAT(problems(job), ElementsAre(HasSubstr("is also an input"))) << "whatever format it has";
  job.from = {path + "/cp/LOCK"};
  job.checkpoint = path + "/cp";
  job.to = {"-"};
  EXPECT_THAT(problems(job), ElementsAre(HasSubstr("the checkpoint's files are among the input")));
  job.from = {path + "/x.txt"};
  job.to = {path + "/x.txt"};
  job.checkpoint.clear();
  EXPECT_THAT(problems(job), IsEmpty()) << "as with sort -o";
}

TEST(Problems, FunctionsOfAJobWithACheckpointHaveAVersion) {
  Job job =
      read(text("a")).map([](std::string_view r) { return std::pair(r, 1); }).reduce_by_key(sum).write("-");
  job.checkpoint = "a";
  EXPECT_THAT(problems(job), ElementsAre(HasSubstr("add version(\"1\")")));
  job.version = "1";
  EXPECT_THAT(problems(job), IsEmpty());
}

TEST(Problems, RowsNeedAHostFunction) {
  Job job =
      read(text("a")).map([](std::string_view r) { return std::pair(r, 1); }).reduce_by_key(sum).write("-");
  EXPECT_THAT(problems(job), IsEmpty());
  job.host = {};
  EXPECT_THAT(problems(job), ElementsAre(HasSubstr("add a map")));
}

// They go into lines of texts and of logs, and a name into that of a file.
TEST(Problems, NamesAndVersionsArePrintableAndShort) {
  Job job{.from_sources = {text("a")}, .to_sinks = {std::make_shared<MemorySink>()}};
  for (std::string Job::*label : {&Job::name, &Job::version}) {
    const auto problems_of = [&](std::string given) {
      Job named = job;
      named.*label = std::move(given);
      return problems(named);
    };
    for (const char* sound : {"", "hourly counts, v2", "größer", "a\\n"})
      EXPECT_THAT(problems_of(sound), IsEmpty());
    EXPECT_THAT(problems_of(std::string(100, 'n')), IsEmpty());
    EXPECT_THAT(problems_of(std::string(101, 'n')), ElementsAre(HasSubstr("at most 100 bytes")));
    for (const char* bad : {"two\nlines", "\x1b[31m", "\xff", "\xe2\x80\xae"})
      EXPECT_THAT(problems_of(bad), ElementsAre(HasSubstr("must be printable")));
    EXPECT_EQ(problems_of("a/b").size(), label == &Job::name ? 1U : 0U);
  }
}

TEST(Problems, OnlyBackendsThatTheJobChoosesAreVerified) {
  Job job{.from_sources = {text("a")}, .to_sinks = {std::make_shared<MemorySink>()}};
  job.seams.backend = make_cpu_backend;
  EXPECT_THAT(problems(job), IsEmpty());
  job.options.verify = 1;
  EXPECT_THAT(problems(job), ElementsAre(HasSubstr("verify")));
}

TEST(Problems, TwoNullSinksAreNotOneThatIsGivenTwice) {
  EXPECT_THAT(problems(Job{.from_sources = {text("a")}, .to_sinks = {nullptr, nullptr}}),
              ElementsAre("a sink is null: give one that exists"));
}

// A window is whole or is not shown, and what is not there cannot be replaced.
TEST(Problems, OnlyAPartialResultThatMayComeStandsInTheWay) {
  const testing::TemporaryDirectory directory;
  const std::string out = directory.path() / "out";
  const auto of = [&](std::vector<std::string> to, auto every) {
    Job job{.from = {out + ".partial"}, .to = std::move(to)};
    job.plan.every = every;
    return problems(job);
  };
  EXPECT_THAT(of({out}, 0s), IsEmpty()) << "such an input is missing";
  directory.write("out.partial", "precious");
  EXPECT_THAT(of({out}, 0s), ElementsAre(HasSubstr("which is an input")));
  EXPECT_THAT(of({out}, 1s), IsEmpty());
  EXPECT_THAT(of({out, out + ".partial"}, 0s), ElementsAre(HasSubstr("which is another output")));
  EXPECT_THAT(of({out, out + ".partial"}, 1s), IsEmpty());
}

TEST(Problems, AnOutputIsNamedOnceUnderWhateverName) {
  const testing::TemporaryDirectory directory;
  const std::string out = directory.write("out", "");
  std::filesystem::create_symlink("out", directory.path() / "link");
  const std::string link = directory.path() / "link";
  const auto of = [&](std::vector<std::string> to) {
    Job job{.from_sources = {text("a")}, .to = std::move(to)};
    job.plan.every = 1s;
    return problems(job);
  };
  EXPECT_THAT(of({out, "discard:", out}), ElementsAre("the output " + out + " is named twice: name it once"));
  EXPECT_THAT(of({out, link}),
              ElementsAre("the outputs " + out + " and " + link + " are the same: name it once"));
}

}  // namespace
}  // namespace millrace::problems_test
