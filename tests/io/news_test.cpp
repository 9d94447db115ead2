// What is told of connections that come and go, and how seldom.
// SPDX-License-Identifier: Apache-2.0
#include "io/news.h"

#include <gmock/gmock.h>

#include <chrono>
#include <vector>

namespace millrace::testing::news_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Instant kStart = Instant(1h);

struct Told {
  std::vector<std::string> lines;
  OnEvent on_event = [this](const Event& event) {
    lines.push_back((event.level == Event::Level::warning ? "! " : "") + event.text);
  };
};

TEST(ConnectionNews, EachLossAndReturnIsToldWhereTheyAreRare) {
  Told told;
  io::ConnectionNews news("tcp://h:1", told.on_event);
  news.connected(0, kStart);
  news.lost(1234, 0, "the server closed it", kStart + 1min);
  news.connected(1234, kStart + 2min);
  news.lost(1'234'567, 5, "Connection reset by peer", kStart + 3min);
  EXPECT_EQ(news.due(), Instant::max());
  EXPECT_THAT(
      told.lines,
      ElementsAre(
          "connected to tcp://h:1",
          "! the connection to tcp://h:1 was lost after 1,234 bytes: the server closed it; trying again",
          "connected to tcp://h:1 again, after 1,234 bytes",
          "! the connection to tcp://h:1 was lost after 1,234,567 bytes in all: Connection reset by "
          "peer; not counted: 5 bytes of an unfinished record; trying again"));
}

TEST(ConnectionNews, AThousandLossesAreAFewLinesThatCountThem) {
  Told told;
  io::ConnectionNews news("tcp://h:1", told.on_event);
  for (unsigned i = 1; i <= 1000; ++i) {
    const Instant now = kStart + i * 100ms;  // 100 s in all
    news.connected((i - 1) * 10, now);
    news.lost(i * 10, 3, "Connection reset by peer", now + 50ms);
  }
  news.last();
  ASSERT_EQ(told.lines.size(), 1 + 2 * 10U + 1) << "in each ten seconds a loss and a return";
  EXPECT_EQ(
      told.lines[3],
      "! the connection to tcp://h:1 was lost 100 more times, after 1,010 bytes in all: Connection reset by "
      "peer; not counted: 300 bytes of unfinished records; trying again");
  EXPECT_EQ(
      told.lines.back(),
      "! the connection to tcp://h:1 was lost 99 more times, after 10,000 bytes in all: Connection reset by "
      "peer; not counted: 297 bytes of unfinished records");
  news.last();
  EXPECT_EQ(told.lines.size(), 22U) << "told once";
}

// The second time in the quiet behind the first.
void lose_twice(io::ConnectionNews& news) {
  news.connected(0, kStart);
  news.lost(1, 0, "the server closed it", kStart);
  news.connected(1, kStart + 1s);
  news.lost(2, 0, "the server closed it", kStart + 2s);
}

TEST(ConnectionNews, ALossInTheQuietIsToldLater) {
  Told told;
  io::ConnectionNews news("tcp://h:1", told.on_event);
  lose_twice(news);
  news.connected(2, kStart + 3s);
  told.lines.clear();
  EXPECT_EQ(news.due(), kStart + 10s);
  news.late(kStart + 9s);
  EXPECT_THAT(told.lines, IsEmpty());
  news.late(kStart + 10s);
  EXPECT_THAT(told.lines,
              ElementsAre("! the connection to tcp://h:1 was lost after 2 bytes in all: the server closed "
                          "it; connected again"));
  EXPECT_EQ(news.due(), Instant::max());
}

TEST(ConnectionNews, AReturnBehindTheQuietTellsTheLossAndNothingElse) {
  Told told;
  io::ConnectionNews news("tcp://h:1", told.on_event);
  lose_twice(news);
  told.lines.clear();
  news.connected(2, kStart + 11s);
  EXPECT_THAT(told.lines,
              ElementsAre("! the connection to tcp://h:1 was lost after 2 bytes in all: the server closed "
                          "it; connected again"));
}

TEST(ConnectionNews, ALossThatWasNotToldYetIsToldBeforeWhatKeepsItAway) {
  Told told;
  io::ConnectionNews news("tcp://h:1", told.on_event);
  lose_twice(news);
  told.lines.clear();
  news.missed("cannot connect to tcp://h:1: Connection refused", kStart + 11s);
  EXPECT_THAT(told.lines, ElementsAre("! the connection to tcp://h:1 was lost after 2 bytes in all: the server "
                                      "closed it; trying again"));
}

TEST(ConnectionNews, WhatKeptItAwayIsAlsoFollowedByQuiet) {
  Told told;
  io::ConnectionNews news("tcp://h:1", told.on_event);
  news.connected(0, kStart);
  news.lost(1, 0, "the server closed it", kStart);
  news.missed("cannot connect to tcp://h:1: Connection refused", kStart + 11s);
  news.connected(1, kStart + 12s);
  told.lines.clear();
  news.lost(2, 0, "the server closed it", kStart + 13s);
  EXPECT_THAT(told.lines, IsEmpty());
  EXPECT_EQ(news.due(), kStart + 21s);
}

TEST(ConnectionNews, WhatKeepsItAwayIsToldOnceForEachLoss) {
  Told told;
  io::ConnectionNews news("tcp://h:1", told.on_event);
  news.connected(0, kStart);
  news.lost(1, 0, "the server closed it", kStart);
  told.lines.clear();
  news.missed("cannot connect to tcp://h:1: Connection refused", kStart + 9s);
  EXPECT_THAT(told.lines, IsEmpty()) << "the loss was told less than ten seconds ago";
  for (int i = 0; i < 60; ++i) news.missed("cannot connect to tcp://h:1: Connection refused", kStart + i * 1s);
  EXPECT_THAT(told.lines, ElementsAre("! cannot connect to tcp://h:1: Connection refused; trying again"));
  news.connected(1, kStart + 2min);
  news.lost(1, 0, "the server closed it", kStart + 3min);
  news.missed("cannot connect to tcp://h:1: Connection refused", kStart + 4min);
  EXPECT_EQ(told.lines.size(), 4U);
}

TEST(ConnectionNews, NobodyNeedsToListen) {
  io::ConnectionNews news("tcp://h:1", {});
  news.connected(0, kStart);
  news.lost(1, 1, "the server closed it", kStart);
  news.missed("cannot", kStart + 1min);
  news.last();
  io::tell_unfinished({}, "stdin", 1);
}

TEST(Unfinished, IsToldIfThereIsAny) {
  Told told;
  io::tell_unfinished(told.on_event, "stdin", 0);
  io::tell_unfinished(told.on_event, "stdin", 1);
  io::tell_unfinished(told.on_event, "stdin", 12'345);
  EXPECT_THAT(told.lines,
              ElementsAre("! 1 byte of an unfinished record at the end of stdin was not counted",
                          "! 12,345 bytes of an unfinished record at the end of stdin were not counted"));
}

}  // namespace
}  // namespace millrace::testing::news_test
