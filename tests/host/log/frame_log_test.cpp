// The log on a disk that fails and loses power: what was appended is there again, and nothing else.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/frame_log.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/log/logged_job.h"

namespace millrace::frame_log_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(FrameLog, ANewOneHoldsNothing) {
  Home home;
  FrameLog log(home.options());
  EXPECT_TRUE(log.durable());
  EXPECT_EQ(log.birth(), 42U);
  EXPECT_EQ(log.recovered().last, EpochId{0});
  EXPECT_FALSE(log.recovered().pane);
  EXPECT_FALSE(log.recovered().undecided);
  EXPECT_TRUE(log.inputs().partitions.empty());
  EXPECT_EQ(replayed(log), Words());
  EXPECT_EQ(home.disk.permissions("cp"), 0700U);
  EXPECT_EQ(home.disk.permissions("cp/LOCK"), 0600U);
}

/// A job that is ended at any moment, again and again, and does the same epochs.
class Life {
 public:
  explicit Life(std::uint64_t seed) : random_(seed) {}

  void run() {
    for (int life = 0; life < 6; ++life) {
      live(life);
      if (::testing::Test::HasFailure()) return;
      home_.disk.fail_after(0);
      if (draw(1) == 0) home_.disk.crash(random_);
    }
  }

 private:
  std::uint64_t draw(std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(0, most)(random_);
  }

  void live(int life) {
    try {
      home_.disk.fail_from(1 + draw(life % 2 == 0 ? 60 : 600));
      if (draw(3) == 0) home_.disk.fail_sync_after(1 + draw(6));
      FrameLog log(home_.options(1 + draw(2000)));
      const Recovered& found = log.recovered();
      const std::uint64_t last = found.last.number;
      ASSERT_GE(last, durable_) << "an epoch was lost that had been appended";
      ASSERT_LE(last, tried_);
      ASSERT_EQ(replayed(log), words_until(last, lives_)) << "what was tried last is there, and nothing older";
      if (last > 0) {
        ASSERT_EQ(log.inputs().marks[0].next, static_cast<std::int64_t>(last));
      }
      ASSERT_TRUE(!frames_.contains(last) || found.frame == frames_[last]);
      log.start(readers(static_cast<std::int64_t>(last)));
      durable_ = std::max(durable_, found.undecided ? last : 0);
      if (found.undecided) log.commit({last});
      const std::uint64_t until = last + draw(5);
      for (std::uint64_t number = last + 1; number <= until; ++number) {
        tried_ = std::max(tried_, number);
        frames_.erase(number);
        lives_[number] = life;
        frames_[number] = log.append(epoch(number, false, life));
        durable_ = number;
        log.commit({number});
        for (std::uint64_t pieces = draw(2) == 0 ? 1000 : draw(12); pieces > 0 && log.work(); --pieces) {
        }
      }
    } catch (const IoError& error) {
      ASSERT_THAT(error.what(), Not(HasSubstr("damaged")));
    }
  }

  Home home_;
  std::mt19937_64 random_;
  std::uint64_t durable_ = 0;  ///< the last epoch that may have been shown
  std::uint64_t tried_ = 0;
  std::map<std::uint64_t, std::uint64_t> frames_;
  std::map<std::uint64_t, int> lives_;  ///< in which an epoch was tried last
};

// Where `latest` was when the job began is known even if nothing was counted.
TEST(FrameLog, TheBeginningIsKept) {
  Home home;
  {
    FrameLog log(home.options());
    log.start(readers(7));
    EXPECT_EQ(home.disk.permissions("cp/" + segment_name(1)), 0600U);
  }
  home.disk.crash();
  FrameLogOptions options = home.options();
  options.birth = 43;
  const FrameLog log(options);
  EXPECT_EQ(log.birth(), 42U);
  EXPECT_EQ(log.recovered().last, EpochId{0});
  EXPECT_FALSE(log.recovered().undecided);
  ASSERT_EQ(log.inputs().marks.size(), 1U);
  EXPECT_EQ(log.inputs().marks[0].next, 7);
  EXPECT_EQ(log.inputs().partitions[0].name, "input");
}

TEST(FrameLog, WhatWasAppendedIsThereAgain) {
  Home home;
  std::uint64_t rows = 0;
  {
    FrameLog log(home.options());
    log.start(readers());
    for (std::uint64_t number = 1; number <= 3; ++number) {
      rows = log.append(epoch(number));
      log.commit({number});
    }
  }
  FrameLog log(home.options());
  EXPECT_EQ(log.recovered().last, EpochId{3});
  EXPECT_EQ(log.recovered().stamp, 1003);
  EXPECT_EQ(log.recovered().pane, Pane{3});
  EXPECT_EQ(log.recovered().open, std::set<Pane>{{3}});
  EXPECT_FALSE(log.recovered().undecided);
  EXPECT_FALSE(log.recovered().finished);
  EXPECT_EQ(log.inputs().marks[0].next, 3);
  EXPECT_EQ(replayed(log), words_until(3));
  EXPECT_NE(rows, 0U);
}

TEST(FrameLog, AnEpochThatWasNotCommittedIsUndecided) {
  Home home;
  std::uint64_t rows = 0;
  {
    FrameLog log(home.options());
    log.start(readers());
    log.append(epoch(1));
    log.commit({1});
    rows = log.append(epoch(2, true));
  }
  for (const int restart : {1, 2}) {  // the second one reads what the first has written anew
    FrameLog log(home.options());
    ASSERT_TRUE(log.recovered().undecided) << restart;
    EXPECT_EQ(log.recovered().last, EpochId{2});
    EXPECT_EQ(log.recovered().stamp, 1002);
    EXPECT_EQ(log.recovered().undecided->closed, std::vector<Pane>{{1}});
    EXPECT_TRUE(log.recovered().undecided->last);
    EXPECT_FALSE(log.recovered().finished);
    EXPECT_EQ(log.recovered().frame, rows);
    EXPECT_EQ(log.recovered().open, (std::set<Pane>{{1}, {2}}));
    EXPECT_EQ(replayed(log), words_until(2));
    log.start(readers(2));
  }
  EXPECT_TRUE(home.disk.contents("cp/" + segment_name(3)));
  {
    FrameLog log(home.options());
    log.start(readers(2));
    log.commit({2});
  }
  const FrameLog log(home.options());
  EXPECT_FALSE(log.recovered().undecided);
  EXPECT_TRUE(log.recovered().finished);
}

// A frame may be read from the page cache and be lost with the power all the same: by then it may have been
// shown.
TEST(FrameLog, TheUndecidedEpochIsOnTheDiskBeforeItIsShown) {
  Home home;
  {
    FrameLog log(home.options());
    log.start(readers());
    home.disk.fail_sync_after(1);
    EXPECT_THROW(log.append(epoch(1)), IoError);
    EXPECT_THROW(log.append(epoch(1)), InternalError) << "it is never tried again";
    EXPECT_THROW(log.commit({1}), InternalError);
  }
  {
    FrameLog log(home.options());
    ASSERT_EQ(log.recovered().last, EpochId{1}) << "it can be read";
    log.start(readers(1));
  }
  home.disk.crash();
  FrameLog log(home.options());
  EXPECT_EQ(log.recovered().last, EpochId{1});
  EXPECT_EQ(replayed(log), words_until(1));
}

TEST(FrameLog, OtherReadersGoOn) {
  Home home;
  {
    FrameLog log(home.options());
    log.start(readers());
    log.append(epoch(1));
    log.commit({1});
  }
  {
    FrameLog log(home.options());
    log.start({{{{.name = "input", .end = 50}}, {{.partition = 0, .next = 1, .done = false}}},
               {{{.name = "input", .end = 100}}, {{.partition = 0, .next = 50, .done = false}}}});
    EpochData second = epoch(2);
    second.marks = {{}, {{.partition = 0, .next = 60, .done = false}}};
    log.append(second);
  }
  const FrameLog log(home.options());
  const Resume inputs = log.inputs();
  ASSERT_EQ(inputs.marks.size(), 2U);
  EXPECT_EQ(inputs.partitions[0].end, 50);
  EXPECT_EQ(inputs.marks[0].next, 1);
  EXPECT_EQ(inputs.partitions[1].end, 100);
  EXPECT_EQ(inputs.marks[1].next, 60);
}

TEST(FrameLog, WhatIsFoundOnTheWayIsKept) {
  for (const std::uint64_t segment_bytes : {1U << 20, 1U}) {  // then each epoch tells all that there is
    Home home;
    {
      FrameLog log(home.options(segment_bytes));
      log.start(readers());
      for (std::uint64_t number = 1; number <= 3; ++number) {
        EpochData each = epoch(number);
        each.found = {{{.name = "found " + std::to_string(number)}}};
        each.marks[0].push_back({.partition = static_cast<std::uint32_t>(number), .next = 7});
        log.append(each);
        log.commit(each.id);
      }
    }
    const Resume inputs = FrameLog(home.options()).inputs();
    ASSERT_EQ(inputs.partitions.size(), 4U);
    EXPECT_EQ(inputs.partitions[3].name, "found 3");
    EXPECT_EQ(inputs.marks[3], (Mark{.partition = 3, .next = 7}));
  }
}

TEST(FrameLog, LongSegmentsAreFollowedByOthers) {
  Home home;
  {
    FrameLog log(home.options(1));
    log.start(readers());
    for (std::uint64_t number = 1; number <= 12; ++number) {
      log.append(epoch(number));
      log.commit({number});
    }
  }
  EXPECT_TRUE(home.disk.contents("cp/" + segment_name(13)));
  FrameLog log(home.options());
  EXPECT_EQ(log.recovered().last, EpochId{12});
  EXPECT_EQ(log.inputs().marks[0].next, 12);
  EXPECT_EQ(replayed(log), words_until(12));
}

// Else power that is lost then would take the segment before, and leave this one.
TEST(FrameLog, NamesThatWereFoundAreOnTheDiskBeforeAnythingIsRead) {
  Home home;
  std::uint64_t operations = 0;
  {
    Home other;
    FrameLog log(other.options());
    const std::uint64_t before = other.disk.operations();
    log.start(readers(7));
    operations = other.disk.operations() - before;
  }
  {
    FrameLog log(home.options());
    home.disk.fail_after(operations);  // the last one makes the name durable
    EXPECT_THROW(log.start(readers(7)), IoError);
  }
  {
    FrameLogOptions options = home.options();
    options.birth = 43;
    FrameLog log(options);
    ASSERT_EQ(log.birth(), 42U) << "it can be read";
    log.start(readers(7));
  }
  home.disk.crash();
  EXPECT_EQ(FrameLog(home.options()).inputs().marks.at(0).next, 7);
}

// A job that has ended is known to have, though no epoch follows.
TEST(FrameLog, TheMarkOfTheLastEpochIsOnTheDisk) {
  Home home;
  {
    FrameLog log(home.options());
    log.start(readers());
    log.append(epoch(1, true));
    log.commit({1});
  }
  home.disk.crash();
  EXPECT_TRUE(FrameLog(home.options()).recovered().finished);
}

TEST(FrameLog, WhatAnEarlierProcessLeftHalfMadeIsRemoved) {
  Home home;
  home.disk.create("cp/." + segment_name(1) + ".tmp", {});
  FrameLog log(home.options());
  log.start(readers());
  EXPECT_FALSE(home.disk.contents("cp/." + segment_name(1) + ".tmp"));
}

TEST(FrameLog, NoEndAtAnyMomentLosesWhatWasAppended) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life(seed).run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace millrace::frame_log_test
