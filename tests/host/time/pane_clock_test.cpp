// Panes: alignment to the epoch, ends, time before 1970, and a wall clock that is set on and back.
// SPDX-License-Identifier: Apache-2.0
#include "host/time/pane_clock.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/testing/manual_clock.h>

#include "host/engine/step.h"

namespace millrace::pane_clock_test {
namespace {

using namespace std::chrono_literals;

TEST(PaneClock, WithoutWindowsThereIsOnePaneThatNeverEnds) {
  const testing::ManualClock clock;
  PaneClock panes(0s, clock);
  EXPECT_EQ(panes.at(clock.now() + 100h), Pane{0});
  EXPECT_EQ(panes.end(Pane{0}), kNever);
  EXPECT_EQ(panes.window(Pane{0}), std::nullopt);
}

TEST(PaneClock, PanesAreAlignedToTheUnixEpoch) {
  const Timestamp start{10s + 300ms};
  const testing::ManualClock clock(start);
  PaneClock panes(4s, clock);
  const Pane pane = panes.at(clock.now());
  EXPECT_EQ(pane, Pane{2});
  EXPECT_EQ(panes.window(pane), (Window{Timestamp{8s}, Timestamp{12s}}));
  EXPECT_EQ(panes.end(pane), clock.now() + 1700ms);
}

TEST(PaneClock, APaneBeginsWithItsFirstInstantAlsoBefore1970) {
  for (const int seconds : {-8, -4, 0, 4}) {
    const testing::ManualClock clock(Timestamp{std::chrono::seconds{seconds}});
    PaneClock panes(4s, clock);
    EXPECT_EQ(panes.at(clock.now()), Pane{seconds / 4});
    EXPECT_EQ(panes.at(clock.now() + 4s - 1ns), Pane{seconds / 4});
    EXPECT_EQ(panes.window(panes.at(clock.now()))->start, clock.wall());
  }
}

// A job that is gone on with after the clock was set back.
TEST(PaneClock, NoInstantLiesBeforeTheEarliestPane) {
  const testing::ManualClock clock(Timestamp{100s});
  PaneClock later(4s, clock, {}, Pane{50});
  EXPECT_EQ(later.at(clock.now()), Pane{50});
  EXPECT_EQ(later.at(clock.now() + 4s), Pane{51});
  EXPECT_EQ(later.end(Pane{50}), clock.now() + 4s);
  PaneClock earlier(4s, clock, {}, Pane{20});
  EXPECT_EQ(earlier.at(clock.now()), Pane{25}) << "as if there were none";
  PaneClock whole(0s, clock, {}, Pane{50});
  EXPECT_EQ(whole.at(clock.now()), Pane{0});
}

TEST(PaneClock, APaneEndsWhereTheNextBegins) {
  const testing::ManualClock clock;
  PaneClock panes(1s, clock);
  const Pane pane = panes.at(clock.now());
  EXPECT_EQ(panes.at(panes.end(pane) - 1ns), pane);
  EXPECT_EQ(panes.at(panes.end(pane)), Pane{pane.index + 1});
}

TEST(PaneClock, TimeBefore1970RoundsTowardsThePast) {
  const testing::ManualClock clock(Timestamp{-500ms});
  PaneClock panes(1s, clock);
  EXPECT_EQ(panes.at(clock.now()), Pane{-1});
  EXPECT_EQ(panes.at(clock.now() + 500ms), Pane{0});
}

TEST(PaneClock, GoesOnWithMonotonicTime) {
  testing::ManualClock clock(Timestamp{0s});
  PaneClock panes(1s, clock);
  clock.advance(5s);
  EXPECT_EQ(panes.at(clock.now()), Pane{5});
}

/// A clock of panes of a second, and what it tells.
struct Watched {
  testing::ManualClock clock{Timestamp{100s}};
  std::vector<Event> events;
  PaneClock panes{1s, clock, [this](const Event& event) { events.push_back(event); }};

  Pane now() { return panes.at(clock.now()); }
};

TEST(PaneClock, FollowsAWallClockThatHasGoneAheadByMoreThanAPane) {
  Watched watched;
  const Pane before = watched.now();
  watched.clock.set_wall(1s);
  EXPECT_EQ(watched.now(), Pane{100}) << "a step that one pane hides is none";
  watched.clock.set_wall(1ns);
  EXPECT_EQ(watched.now(), Pane{101});
  EXPECT_LE(watched.panes.end(before), watched.clock.now()) << "the pane that it has left behind is over";
  watched.clock.set_wall(3600s);
  watched.clock.advance(500ms);
  EXPECT_EQ(watched.now(), Pane{3701});
  EXPECT_EQ(watched.panes.end(watched.now()), watched.clock.now() + 500ms - 1ns);
  EXPECT_TRUE(watched.events.empty());
}

TEST(PaneClock, GoesOnFromWhereItWasWhenTheWallClockIsSetBack) {
  Watched watched;
  watched.clock.set_wall(-60s);
  for (int second = 0; second < 5; ++second) {
    EXPECT_EQ(watched.now(), Pane{100 + second});
    watched.clock.advance(1s);
  }
  ASSERT_EQ(watched.events.size(), 1U) << "it is told once";
  EXPECT_EQ(watched.events[0].level, Event::Level::warning);
  EXPECT_NE(watched.events[0].text.find("set back by 60 s"), std::string::npos) << watched.events[0].text;
}

TEST(PaneClock, FollowsAgainAndTellsAgainOnceTheWallClockHasCaughtUp) {
  Watched watched;
  watched.clock.set_wall(-60s);
  EXPECT_EQ(watched.now(), Pane{100});
  watched.clock.set_wall(30s);
  EXPECT_EQ(watched.now(), Pane{100}) << "half of the way";
  watched.clock.set_wall(30s);
  EXPECT_EQ(watched.now(), Pane{100});
  watched.clock.set_wall(10s);
  EXPECT_EQ(watched.now(), Pane{110});
  EXPECT_EQ(watched.events.size(), 1U);
  watched.clock.set_wall(-10s);
  EXPECT_EQ(watched.now(), Pane{110});
  EXPECT_EQ(watched.events.size(), 2U);
}

/// A clock whose reader is held up between two looks at it.
class Slow final : public Clock {
 public:
  Instant now() const override {
    inner_.advance(5s);
    return inner_.now();
  }
  Timestamp wall() const override {
    inner_.advance(5s);
    return inner_.wall();
  }

 private:
  mutable testing::ManualClock inner_;
};

TEST(PaneClock, AThreadThatIsHeldUpSeesNoStep) {
  const Slow clock;
  int events = 0;
  PaneClock panes(1s, clock, [&](const Event&) { ++events; });
  const Instant start = clock.now();
  const Instant end = panes.end(panes.at(start));
  for (int i = 0; i < 100; ++i) panes.at(start);
  EXPECT_EQ(panes.end(panes.at(start)), end);
  EXPECT_EQ(events, 0);
}

TEST(PaneClock, ThreadsThatAskAtOnceAreToldOnceAndNeverGoBack) {
  testing::ManualClock clock;
  std::atomic<int> events{0};
  PaneClock panes(1ms, clock, [&](const Event&) { ++events; });
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        Pane last = panes.at(clock.now());
        for (int look = 0; look < 2000; ++look) {
          clock.advance(10us);
          if (look == 1000) clock.set_wall(5ms);
          const Pane pane = panes.at(clock.now());
          EXPECT_LE(last, pane);
          last = pane;
        }
      });
  }
  clock.set_wall(-1h);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { panes.at(clock.now()); });
  }
  EXPECT_EQ(events, 1);
}

TEST(PaneClock, HowFarItWasSetBackIsToldInSecondsFromOneOn) {
  testing::ManualClock clock;
  std::string told;
  PaneClock panes(10ms, clock, [&](const Event& event) { told = event.text; });
  clock.set_wall(-300ms);
  panes.at(clock.now());
  EXPECT_NE(told.find("set back by 1 s"), std::string::npos) << told;
}

TEST(PaneClock, PanesNearTheEndOfTimeEndThere) {
  const std::chrono::nanoseconds longest = std::chrono::nanoseconds::max();
  testing::ManualClock clock;
  for (const std::chrono::nanoseconds length : {longest, longest / 4 * 3, longest / 5 * 2, longest / 6}) {
    PaneClock panes(length, clock);
    const Pane pane = panes.at(clock.now());
    EXPECT_GT(panes.end(pane), clock.now());
    EXPECT_LE(panes.window(pane)->start, clock.wall());
    EXPECT_GT(panes.window(pane)->end, clock.wall());
  }
  const testing::ManualClock late(Timestamp::max() - 24h);
  PaneClock panes(longest / 4 * 3, late);
  EXPECT_EQ(panes.window(panes.at(late.now()))->end, Timestamp::max());
  const testing::ManualClock early(Timestamp{0s});
  EXPECT_GT(PaneClock(longest, early).end(Pane{0}), early.now());
}

TEST(PaneClock, AStepBackThatOnePaneHidesIsNotToldOf) {
  Watched watched;
  watched.clock.set_wall(-1s);
  EXPECT_EQ(watched.now(), Pane{100});
  EXPECT_TRUE(watched.events.empty());
  watched.clock.set_wall(-1ns);
  EXPECT_EQ(watched.now(), Pane{100});
  EXPECT_EQ(watched.events.size(), 1U);
}

}  // namespace
}  // namespace millrace::pane_clock_test
