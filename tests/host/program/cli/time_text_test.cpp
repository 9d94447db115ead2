// Where the time went, as it is printed.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/time_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::cli::time_text_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST(TimeText, SharesAreOfAllReadersAndStagesInMilliseconds) {
  TimeSpent time;
  time.elapsed = 10s;
  time.readers = 2;
  time.reading = {{"in their sources", 15s}, {"waiting", 1s}};
  time.counting = {{"collecting", 1s}};
  time.finishing = {{"waiting", 11s}};
  time.batch = {{"to fill", 1500us}, {"to count", 10us}};
  time.epoch = {{"to mark", 2ms}};
  time.sinks = {1ms, 250us};
  EXPECT_THAT(time_text(time),
              ElementsAre("time: 2 readers in 10 s: 75% in their sources, 5% waiting",
                          "time: the counting thread: 10% collecting", "time: the writing thread: 100% waiting",
                          "time: a batch (median): 1.50 ms to fill, 0.01 ms to count",
                          "time: an epoch (median): 2.00 ms to mark; each output: 1.00, 0.25 ms"));
}

TEST(TimeText, AJobThatHadNoBatchSaysNothingOfThem) {
  TimeSpent time;
  time.readers = 1;
  time.reading = {{"in their sources", 0s}};
  EXPECT_THAT(time_text(time), ElementsAre("time: 1 reader in 0.00 s: 0% in their sources",
                                           "time: the counting thread: ", "time: the writing thread: "));
}

}  // namespace
}  // namespace millrace::cli::time_text_test
