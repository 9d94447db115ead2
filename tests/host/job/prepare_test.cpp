// From a job to its parts: what sources are told, what is opened, and in which order.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/millrace.h>

#include "base/machine.h"
#include "tests/host/job/memory_jobs.h"
#include "tests/io/temporary_directory.h"

namespace millrace::prepare_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MemorySink;

/// Prepares a job and looks at what came of it, while its budget is there.
void prepared(const Job& job, const std::function<void(const Prepared&)>& look) {
  MemoryBudget budget(memory_of(job));
  look(prepare(job, budget, std::make_shared<InputWarnings>(job)));
}

/// What the job's own source is opened with.
SourceOptions told_to_sources(Job job) {
  SourceOptions told;
  const SourceFactory make = text("a");
  job.from_sources = {[&](const SourceOptions& options) {
    told = options;
    return make(options);
  }};
  job.to_sinks = {std::make_shared<MemorySink>()};
  prepared(job, [](const Prepared&) {});
  return told;
}

TEST(Prepare, ThereAreAsManyReadersAsThreadsUnlessTheirNumberIsGiven) {
  Job job;
  job.options.threads = 3;
  EXPECT_EQ(told_to_sources(job).readers, 3U);
  job.options.readers = 5;
  EXPECT_EQ(told_to_sources(job).readers, 5U);
  EXPECT_EQ(told_to_sources(Job{}).readers, usable_processors());
}

TEST(Prepare, RecordsOfWordsEndAnywhereAndAllOthersWithLines) {
  Job job;
  EXPECT_EQ(told_to_sources(job).framing.kind, Framing::Kind::whitespace);
  job.host = [](std::string_view record, RecordOut& out) { out.record(record); };
  EXPECT_EQ(told_to_sources(job).framing.kind, Framing::Kind::newline) << "a function gets lines";
  job.host = {};
  job.plan.keyed_by = KeyedBy::record;
  job.options.max_record_bytes = 77;
  EXPECT_EQ(told_to_sources(job).framing.kind, Framing::Kind::newline);
  EXPECT_EQ(told_to_sources(job).framing.max_record_bytes, 77U);
}

TEST(Prepare, SourcesLearnOfWindowsAndOfWhomToTell) {
  Job job;
  EXPECT_FALSE(told_to_sources(job).windowed);
  EXPECT_FALSE(told_to_sources(job).on_event);
  EXPECT_FALSE(told_to_sources(job).on_endless);
  job.plan.every = 1s;
  job.options.on_event = [](const Event&) {};
  EXPECT_TRUE(told_to_sources(job).windowed);
  EXPECT_TRUE(told_to_sources(job).on_event);
  EXPECT_FALSE(told_to_sources(job).on_endless) << "rows come with each window";
  EXPECT_FALSE(told_to_sources(job).on_beginning) << "words have nothing to look for";
  job.plan.keyed_by = KeyedBy::record;
  job.plan.every = 0s;
  EXPECT_TRUE(told_to_sources(job).on_endless);
  EXPECT_TRUE(told_to_sources(job).on_beginning);
}

TEST(Prepare, WhatIsNotGivenIsWhatTheMachineHas) {
  const std::size_t memory = default_memory(usable_memory());
  EXPECT_EQ(memory_of(Job{}), memory);
  Job job{.from_sources = {text("a")}, .to_sinks = {std::make_shared<MemorySink>()}};
  prepared(job, [&](const Prepared& made) {
    EXPECT_EQ(made.parts.options.threads, usable_processors());
    EXPECT_EQ(made.parts.options.memory, memory);
    EXPECT_GT(made.parts.options.batch_bytes, 0U);
  });
  job.options.memory = std::size_t{64} << 20;
  job.options.batch_bytes = 4096;
  EXPECT_EQ(memory_of(job), std::size_t{64} << 20);
  prepared(job, [&](const Prepared& made) { EXPECT_EQ(made.parts.options.batch_bytes, 4096U); });
}

TEST(Prepare, TheSizeOfTheInputIsKnownIfThatOfEverySourceIs) {
  const testing::TemporaryDirectory directory;
  Job job{.from = {directory.write("a", "12345")}, .to = {"discard:"}};
  job.options.readers = 1;
  prepared(job, [](const Prepared& made) { EXPECT_EQ(made.bytes_total, 5U); });
  job.from.push_back(directory.write("b", "123"));
  job.options.readers = 2;
  prepared(job, [](const Prepared& made) { EXPECT_EQ(made.bytes_total, 8U); });
  job.from_sources = {text("a")};
  prepared(job, [](const Prepared& made) { EXPECT_EQ(made.bytes_total, std::nullopt); });
}

// Who knows the seed can write input whose keys collide.
TEST(Prepare, TheSeedOfAJobIsItsOwnInEveryPart) {
  const Job job{.from_sources = {text("a")}, .to_sinks = {std::make_shared<MemorySink>()}};
  std::vector<std::uint64_t> seeds;
  for (int i = 0; i < 2; ++i)
    prepared(job, [&](const Prepared& made) { seeds.push_back(made.parts.state_seed); });
  EXPECT_NE(seeds[0] >> 32, seeds[1] >> 32);
  EXPECT_NE(seeds[0] & 0xffffffff, seeds[1] & 0xffffffff);
}

// By check, too, which opens nothing.
TEST(Prepare, AnOutputThatLacksRowsIsRefusedBeforeTheCheckpointIsTouched) {
  const testing::TemporaryDirectory directory;
  const auto path = [&](const std::string& name) { return (directory.path() / name).string(); };
  std::string text = "a\n";
  const auto job_to = [&](std::vector<std::string> outputs) {
    directory.write("in", text += "b\n");  // so that it has not ended
    Job job{.from = {path("in")}, .to = std::move(outputs), .checkpoint = path("cp")};
    job.plan.every = 1h;
    return job;
  };
  run(job_to({path("one/"), path("two/")}));
  run(job_to({path("one/")}));
  Job again = job_to({path("one/"), path("two/")});
  const auto segments = std::distance(std::filesystem::directory_iterator(path("cp")), {});
  try {
    prepared(again, [](const Prepared&) { ADD_FAILURE() << "it was taken"; });
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 77);
    EXPECT_THAT(error.problems(), ElementsAre(HasSubstr("two/ has no rows of epoch 2, which")));
  }
  EXPECT_THROW(run(again), ConfigError);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path("cp")), {}), segments);
  again.accept_gap = true;
  EXPECT_NO_THROW(run(again));
  EXPECT_NO_THROW(run(job_to({path("one/"), path("two/")}))) << "what was accepted is not missed again";
}

/// Says that it cannot be written.
class Unwritable final : public Sink {
 public:
  explicit Unwritable(std::string name) : name_(std::move(name)) {}
  std::optional<Shown> probe(Deadline) override { throw IoError("cannot write " + name_); }
  void begin(const Epoch&) override {}
  void write(std::span<const Aggregate>) override {}
  void finish(const Epoch&) override {}
  void abandon(EpochId) noexcept override {}
  Delivery delivery() const override { return Delivery::at_least_once; }

 private:
  std::string name_;
};

TEST(Prepare, OutputsOfEveryKindKeepTheirOrder) {
  const auto sink = std::make_shared<MemorySink>();
  const Job job{.from_sources = {text("a")},
                .to = {"discard:"},
                .to_sinks = {sink},
                .to_functions = {[](std::span<const Aggregate>) {}}};
  prepared(job, [&](const Prepared& made) {
    ASSERT_EQ(made.parts.sinks.size(), 3U);
    EXPECT_EQ(made.parts.sinks[1], sink);
  });
}

// One error is thrown as it is; several are told together, and what no change of the job mends decides the
// status.
TEST(Prepare, SinksOfTheCallerAreTriedAndAllThatCannotBeWrittenIsTold) {
  const auto refusal = [](const Job& job) {
    try {
      prepared(job, [](const Prepared&) {});
    } catch (const Error& error) {
      const auto* config = dynamic_cast<const ConfigError*>(&error);
      return std::pair(error.exit_code(),
                       config != nullptr ? config->problems() : std::vector<std::string>{error.what()});
    }
    return std::pair(0, std::vector<std::string>{});
  };
  const auto one = std::make_shared<Unwritable>("one");
  const auto other = std::make_shared<Unwritable>("other");
  Job job{.from_sources = {text("a")}, .to_sinks = {one}};
  EXPECT_EQ(refusal(job), std::pair(74, std::vector<std::string>{"cannot write one"}));
  EXPECT_THROW(prepared(job, [](const Prepared&) {}), IoError);
  job.to_sinks.push_back(other);
  EXPECT_EQ(refusal(job), std::pair(74, std::vector<std::string>{"cannot write one", "cannot write other"}));
  job.to_sinks.pop_back();
  job.from = {"/no/such/file"};
  EXPECT_EQ(refusal(job).first, 74) << "whichever is found first";
  EXPECT_THAT(refusal(job).second, ElementsAre(HasSubstr("/no/such/file"), "cannot write one"));
  job.options.batch_time = 0s;
  EXPECT_EQ(refusal(job).first, 74);
  EXPECT_THAT(refusal(job).second,
              ElementsAre(HasSubstr("batch-time"), HasSubstr("/no/such/file"), "cannot write one"));
  job.to_sinks = {std::make_shared<MemorySink>()};
  EXPECT_EQ(refusal(job).first, 78) << "of what can be mended the first decides";
}

}  // namespace
}  // namespace millrace::prepare_test
