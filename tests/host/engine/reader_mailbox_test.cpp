// Mailboxes: every reader finds what it was told, and is woken after it was told.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/reader_mailbox.h"

#include <gtest/gtest.h>

#include "host/engine/marker_round.h"

namespace millrace::reader_mailbox_test {
namespace {

constexpr std::size_t kReaders = 3;

/// Looks into the mailbox of each reader whose source is woken, at that moment.
struct Told {
  EventCount asleep;
  std::vector<std::size_t> woken;
  std::vector<ReaderMailbox::Orders> seen{kReaders};
  std::uint64_t notified_early = 0;
  ReaderMailboxes readers{kReaders, asleep, [this](std::size_t reader) {
                            woken.push_back(reader);
                            seen[reader] = readers.of(reader).read();
                            notified_early += asleep.seen();
                          }};
};

TEST(ReaderMailbox, ThoseThatInterruptAReadAreThereWhenTheSourceWakes) {
  const std::vector<std::size_t> all = {0, 1, 2};
  Told asked;
  asked.readers.ask_for_markers();
  Told drained;
  drained.readers.drain();
  Told rewound;
  rewound.readers.rewind(std::vector<ReaderPosition>{{{{0, 1}}, 10}, {{{0, 2}}, 20}, {{{0, 3}}, 30}});
  for (std::size_t i = 0; i < kReaders; ++i) {
    EXPECT_TRUE(asked.seen[i].round_open);
    EXPECT_TRUE(drained.seen[i].drain);
    EXPECT_EQ(rewound.seen[i].rewind.value().bytes, 10 * (i + 1));
  }
  for (Told* told : {&asked, &drained, &rewound}) {
    EXPECT_EQ(told->woken, all);
    EXPECT_EQ(told->notified_early, 0U) << "first all are told";
    EXPECT_EQ(told->asleep.seen(), 1U) << "then all are notified";
  }
}

TEST(ReaderMailbox, WhoWaitsOutsideItsSourceIsNotifiedOfTheEndOfARoundAndOfAnEpoch) {
  Told told;
  told.readers.ask_for_markers();
  told.woken.clear();
  told.readers.end_round();
  EXPECT_EQ(told.asleep.seen(), 2U);
  EXPECT_FALSE(told.readers.of(1).read().round_open);
  told.readers.epoch_over({});
  EXPECT_EQ(told.asleep.seen(), 3U);
  const ReaderMailbox::Orders over = told.readers.of(1).read();
  EXPECT_TRUE(over.epoch_over);
  EXPECT_TRUE(over.committed.empty());
  told.readers.epoch_over(std::vector<Marks>{{{0, 1}}, {{0, 2}}, {{0, 3}}});
  EXPECT_EQ(told.asleep.seen(), 4U);
  EXPECT_EQ(told.readers.of(1).read().committed, (Marks{{0, 2}}));
  EXPECT_TRUE(told.woken.empty()) << "nobody's read is ended for that";
}

TEST(ReaderMailbox, WhoIsSlowIsToldOfTheLatestOfEachPartition) {
  Told told;
  told.readers.epoch_over(std::vector<Marks>{{{0, 1}, {1, 1}}, {}, {}});
  told.readers.epoch_over(std::vector<Marks>{{{1, 5}}, {}, {}});
  EXPECT_EQ(told.readers.of(0).read().committed, (Marks{{0, 1}, {1, 5}}));
  EXPECT_TRUE(told.readers.of(0).read().committed.empty()) << "once";
}

TEST(MarkerRound, WhatHasChangedIsKeptUntilItIsTaken) {
  Told told;
  MarkerRound round(kReaders, told.readers);
  for (const std::int64_t next : {4, 9}) {
    round.ask({});
    for (unsigned reader = 0; reader < kReaders; ++reader) {
      Marker marker{.reader = reader, .position = {{{static_cast<std::uint32_t>(next % 2), next}}, 100}};
      EXPECT_TRUE(round.on(marker));
    }
    round.close();
  }
  const std::vector<ReaderPosition> changes = round.take_changes();
  EXPECT_EQ(changes[1].marks, (Marks{{0, 4}, {1, 9}})) << "of both rounds: the first had nothing to hand over";
  EXPECT_EQ(changes[1].bytes, 100U);
  EXPECT_TRUE(round.take_changes()[1].marks.empty());
  EXPECT_EQ(round.take_changes()[1].bytes, 100U);
}

TEST(MarkerRound, WhatHasChangedSinceIsForgottenByWhoGoesBack) {
  Told told;
  MarkerRound round(kReaders, told.readers);
  round.ask({});
  Marker marker{.reader = 2, .position = {{{0, 9}}, 100}};
  round.on(marker);
  round.rewind(std::vector<ReaderPosition>{{}, {}, {{{0, 3}}, 30}});
  EXPECT_TRUE(round.take_changes()[2].marks.empty());
  EXPECT_EQ(round.take_changes()[2].bytes, 30U);
}

// What readers have said lies behind the place to which they go back: they will say it again, or not.
TEST(MarkerRound, WhatWasSaidBeforeTheReadersWentBackIsForgotten) {
  Told told;
  const std::vector<ReaderPosition> start(kReaders);
  MarkerRound round(kReaders, told.readers);
  round.ask({7});
  round.on(Ended{.reader = 0, .partial = true});
  round.on(Revoked{.reader = 1});
  EXPECT_TRUE(round.partial() && round.revoked() && round.is_open());
  round.rewind(start);
  EXPECT_FALSE(round.partial());
  EXPECT_FALSE(round.revoked());
  EXPECT_FALSE(round.is_open());
  for (unsigned reader = 0; reader < kReaders; ++reader) {
    round.on(Ended{.reader = reader, .partial = true});
    round.on(Revoked{.reader = reader});
    Marker marker{.reader = reader, .position = {}, .oversized = 1};
    EXPECT_FALSE(round.on(marker));
    EXPECT_TRUE(round.any_rewinding());
    round.on(Rewound{reader});
  }
  EXPECT_FALSE(round.any_rewinding() || round.all_ended() || round.partial() || round.revoked());
  for (unsigned reader = 0; reader < kReaders; ++reader)
    round.on(Ended{.reader = reader, .partial = reader == 1});
  EXPECT_TRUE(round.all_ended());
  EXPECT_TRUE(round.partial()) << "one is enough";
}

}  // namespace
}  // namespace millrace::reader_mailbox_test
