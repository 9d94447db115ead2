// Panes: alignment to the epoch, ends, and time before 1970.
// SPDX-License-Identifier: Apache-2.0
#include "host/pane.h"

#include <gtest/gtest.h>

#include <millrace/testing/manual_clock.h>

#include "host/step.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;

TEST(PaneClock, WithoutWindowsThereIsOnePaneThatNeverEnds) {
  const testing::ManualClock clock;
  const PaneClock panes(0s, clock);
  EXPECT_EQ(panes.at(clock.now() + 100h), Pane{0});
  EXPECT_EQ(panes.end(Pane{0}), kNever);
  EXPECT_EQ(panes.window(Pane{0}), std::nullopt);
}

TEST(PaneClock, PanesAreAlignedToTheUnixEpoch) {
  const Timestamp start{10s + 300ms};
  const testing::ManualClock clock(start);
  const PaneClock panes(4s, clock);
  const Pane pane = panes.at(clock.now());
  EXPECT_EQ(pane, Pane{2});
  EXPECT_EQ(panes.window(pane), (Window{Timestamp{8s}, Timestamp{12s}}));
  EXPECT_EQ(panes.end(pane), clock.now() + 1700ms);
}

TEST(PaneClock, APaneEndsWhereTheNextBegins) {
  const testing::ManualClock clock;
  const PaneClock panes(1s, clock);
  const Pane pane = panes.at(clock.now());
  EXPECT_EQ(panes.at(panes.end(pane) - 1ns), pane);
  EXPECT_EQ(panes.at(panes.end(pane)), Pane{pane.index + 1});
}

TEST(PaneClock, TimeBefore1970RoundsTowardsThePast) {
  const testing::ManualClock clock(Timestamp{-500ms});
  const PaneClock panes(1s, clock);
  EXPECT_EQ(panes.at(clock.now()), Pane{-1});
  EXPECT_EQ(panes.at(clock.now() + 500ms), Pane{0});
}

TEST(PaneClock, ReadsTheCalendarOnce) {
  testing::ManualClock clock(Timestamp{0s});
  const PaneClock panes(1s, clock);
  clock.advance(5s);
  EXPECT_EQ(panes.at(clock.now()), Pane{5});
}

}  // namespace
}  // namespace millrace
