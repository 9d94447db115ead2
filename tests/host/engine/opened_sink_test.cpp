// Outputs where a job goes on: which are refused, and what the log says of each from then on.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/opened_sink.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/error.h>

namespace millrace::opened_sink_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::uint64_t frame_of(std::uint64_t epoch) {
  return 1000 + epoch;
}
Shown shown(std::uint64_t epoch) {
  return {{epoch}, frame_of(epoch)};
}

/// Epochs 8 to 10 have shown nothing.
Recovered ten_epochs(std::vector<LoggedOutput> outputs = {}) {
  return {.last = {10}, .frame = frame_of(10), .shown = shown(7), .outputs = std::move(outputs)};
}
/// The same, with an epoch of which nobody knows who has it.
Recovered undecided(std::vector<LoggedOutput> outputs = {}) {
  Recovered log = ten_epochs(std::move(outputs));
  log.last = {11};
  log.frame = frame_of(11);
  log.undecided.emplace();
  return log;
}
OpenedSink directory(std::optional<Shown> last) {
  return {.name = "out/", .listed_as = "/out/", .remembers = true, .last = last};
}
OpenedSink stream() {
  return {.name = "-", .listed_as = "stdout:"};
}

/// The first and the last epoch that it lacks.
std::string gap(const OpenedSink& sink, const Recovered& log, bool windowed = true) {
  const auto found = gap_of(sink, log, windowed);
  return found ? std::to_string(found->first.number) + "-" + std::to_string(found->last.number) : "none";
}

/// What comes of it: what it is refused for, or what is told, or nothing.
std::string outcome(const OpenedSink& sink, const Recovered& log, bool windowed = true) {
  std::string told;
  try {
    require_in_step(sink, log, windowed, [&](const Event& event) { told += event.text; });
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 77);
    return std::string("refused: ") + error.what();
  }
  return told;
}

TEST(OpenedSink, OneThatHasAllIsInStep) {
  for (const Shown& last : {shown(7), Shown{{7}}}) EXPECT_EQ(outcome(directory(last), ten_epochs()), "");
  EXPECT_EQ(outcome(directory(shown(7)), ten_epochs({{"/out/", {1}, {}}})), "");
  for (const std::uint64_t last : {7U, 11U}) EXPECT_EQ(outcome(directory(shown(last)), undecided()), "");
}

TEST(OpenedSink, OneOfAnotherJobIsRefused) {
  EXPECT_THAT(outcome(directory(shown(12)), undecided()),
              HasSubstr("finished epoch 12, and the checkpoint ends with epoch 11"));
  for (const Shown& last : {Shown{{11}, 5}, Shown{{7}, 5}, shown(9)})
    EXPECT_THAT(outcome(directory(last), undecided()), HasSubstr("not as the checkpoint has it"));
  OpenedSink accepted = directory(shown(9));
  accepted.accept_gap = true;
  EXPECT_THAT(outcome(accepted, undecided()), HasSubstr("not as the checkpoint has it"));
}

TEST(OpenedSink, OneThatWasLeftOutIsRefused) {
  const Recovered log = ten_epochs({{"/out/", {1}, {5}}});
  EXPECT_EQ(gap(directory(shown(4)), log), "5-7");
  EXPECT_EQ(gap(directory(shown(5)), log), "6-7") << "it says itself that it has what was undecided then";
  EXPECT_EQ(gap(directory(shown(7)), log), "none");
  EXPECT_EQ(gap(directory(shown(4)), ten_epochs()), "5-7") << "what the log knows nothing of";
  EXPECT_EQ(gap(directory(shown(4)), log, false), "none") << "the next rows are of everything";
  EXPECT_EQ(outcome(directory(shown(6)), log),
            "refused: out/ has no rows of epoch 7, which the job has shown: leave this output out, give it "
            "another place, or go on without them: --accept-gap");
}

// Epochs that showed nothing are not missed.
TEST(OpenedSink, OneThatWasLeftOutWhileNothingWasShownGoesOn) {
  const Recovered log = undecided({{"/out/", {1}, {8}}});
  EXPECT_EQ(outcome(directory(shown(7)), log), "");
  EXPECT_THAT(outputs_of_run(std::vector{directory(shown(7))}, log, true),
              ElementsAre(LoggedOutput{"/out/", {1}, {}}));
}

TEST(OpenedSink, OneThatWasEmptiedIsRefused) {
  EXPECT_EQ(gap(directory({}), ten_epochs({{"/out/", {3}, {}}})), "3-7");
  EXPECT_EQ(gap(directory({}), ten_epochs({{"/out/", {3}, {9}}})), "3-7");
  EXPECT_THAT(outcome(directory({}), ten_epochs({{"/out/", {3}, {}}})),
              HasSubstr("out/ has no rows of the epochs 3 to 7, which the job has shown: leave"));
  EXPECT_EQ(gap(directory({}), ten_epochs({{"/out/", {3}, {}}}), false), "none");
}

TEST(OpenedSink, AGapThatIsAcceptedIsToldAndNotMissedAgain) {
  for (const auto& last : {std::optional(shown(4)), std::optional<Shown>()}) {
    OpenedSink sink = directory(last);
    sink.accept_gap = true;
    Recovered log = ten_epochs({{"/out/", {2}, {5}}});
    EXPECT_THAT(outcome(sink, log), HasSubstr("to 7, which the job has shown: it goes on without them"));
    log.outputs = outputs_of_run(std::vector{sink}, log, true);
    EXPECT_THAT(log.outputs, ElementsAre(LoggedOutput{"/out/", {11}, {}}));
    sink.accept_gap = false;
    EXPECT_EQ(gap(sink, log), "none") << "also before anything else was shown";
    log.last = {12};
    log.shown = shown(12);
    EXPECT_EQ(gap(sink, log), "11-12") << "what it lacks now is new";
  }
}

TEST(OpenedSink, ANewOneBeginsWithWhatComesNow) {
  EXPECT_EQ(outcome(directory({}), ten_epochs()),
            "out/ has no rows of the epochs up to 7, which were shown before: it begins with what comes now");
  EXPECT_NE(outcome(directory({}), ten_epochs({{"/out/", {11}, {}}})), "") << "nothing was shown since";
  EXPECT_EQ(outcome(directory({}), ten_epochs(), false), "") << "its next rows are of everything";
  EXPECT_EQ(outcome(directory({}), {}), "") << "nor is there anything before";
  EXPECT_THAT(outputs_of_run(std::vector{directory({})}, ten_epochs(), true),
              ElementsAre(LoggedOutput{"/out/", {11}, {}}));
  EXPECT_THAT(outputs_of_run(std::vector{directory({})}, undecided(), true),
              ElementsAre(LoggedOutput{"/out/", {11}, {}}))
      << "it gets the undecided epoch";
}

// Who reads it sees what comes while he reads; a line tells it, in case that a program reads on.
TEST(OpenedSink, AStreamIsNeverRefused) {
  EXPECT_EQ(outcome(stream(), ten_epochs()), "") << "it is new";
  EXPECT_EQ(outcome(stream(), ten_epochs({{"stdout:", {1}, {}}})), "") << "it was shown all";
  EXPECT_EQ(outcome(stream(), ten_epochs({{"stdout:", {1}, {8}}})), "") << "nothing was shown since";
  const Recovered log = ten_epochs({{"stdout:", {1}, {5}}});
  EXPECT_EQ(outcome(stream(), log),
            "- has no rows of the epochs 5 to 7, which the job has shown: it goes on without them");
  EXPECT_THAT(outputs_of_run(std::vector{stream()}, log, true), ElementsAre(LoggedOutput{"stdout:", {11}, {}}));
}

TEST(OpenedSink, ThoseThatAreLeftOutStayListed) {
  const std::vector<OpenedSink> run{stream(), {.name = "an output"}};
  EXPECT_THAT(
      outputs_of_run(run, ten_epochs({{"/out/", {1}, {}}, {"/gone/", {1}, {4}}, {"stdout:", {2}, {}}}), true),
      ElementsAre(LoggedOutput{"stdout:", {2}, {}}, LoggedOutput{"/out/", {1}, {11}},
                  LoggedOutput{"/gone/", {1}, {4}}));
  EXPECT_THAT(outputs_of_run(run, undecided({{"/out/", {1}, {}}}), true),
              ElementsAre(LoggedOutput{"stdout:", {11}, {}}, LoggedOutput{"/out/", {1}, {11}}))
      << "whether it has the undecided epoch it must say itself";
  EXPECT_THAT(outputs_of_run(run, ten_epochs({{"/out/", {8}, {}}}), true),
              ElementsAre(LoggedOutput{"stdout:", {11}, {}}))
      << "one that was shown nothing is as one that never was";
}

}  // namespace
}  // namespace millrace::opened_sink_test
