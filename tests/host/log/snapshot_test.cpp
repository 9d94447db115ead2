// Snapshots: a log that has them is what it was without, and stays short.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/snapshot/snapshot.h"

#include <map>
#include <span>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/error.h>

#include "tests/host/log/logged_job.h"

namespace millrace::snapshot_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void write_epochs(Home& home, std::uint64_t first, std::uint64_t last, const FrameLogOptions& options) {
  FrameLog log(options);
  log.start(readers(static_cast<std::int64_t>(first) - 1));
  for (std::uint64_t number = first; number <= last; ++number) {
    log.append(epoch(number));
    log.commit({number});
    while (log.work()) {
    }
  }
  static_cast<void>(home);
}

std::vector<std::string> snapshots(Home& home) {
  return home.disk.list("cp", "snap-");
}

TEST(Snapshot, TheLogIsWhatItWasAndShort) {
  Home home;
  write_epochs(home, 1, 60, home.options(300));
  EXPECT_THAT(snapshots(home), SizeIs(2)) << "the last one, and the one before";
  EXPECT_LT(home.disk.list("cp", "seg-").size(), 60U);
  for (int life = 0; life < 2; ++life) {
    FrameLog log(home.options(300));
    EXPECT_EQ(log.recovered().last, EpochId{60});
    EXPECT_EQ(log.recovered().stamp, 1060);
    EXPECT_EQ(log.recovered().pane, Pane{60});
    EXPECT_THAT(log.recovered().open, ElementsAre(Pane{60}));
    EXPECT_THAT(log.recovered().damage, IsEmpty());
    EXPECT_EQ(log.inputs().marks[0].next, 60);
    EXPECT_EQ(log.recovered().rejected, (RejectCounts{0, 0, 120, 0}));
    EXPECT_EQ(replayed(log), words_until(60));
  }
  write_epochs(home, 61, 90, home.options(300));
  FrameLog log(home.options(300));
  EXPECT_EQ(replayed(log), words_until(90));
}

// What was shown is in no snapshot, but for the last epoch that showed something.
TEST(Snapshot, ShownWindowsAreGone) {
  Home home;
  FrameLogOptions options = home.options(300);
  options.windowed = true;
  write_epochs(home, 1, 60, options);
  std::uint64_t pane = 0, first = 0;
  for (const std::string& name : snapshots(home)) {
    const Snapshot found = read_snapshot(home.disk, "cp/" + name);
    ASSERT_THAT(found.panes, SizeIs(1));
    pane = static_cast<std::uint64_t>(found.panes.begin()->first.index);
    first = found.head.first_epoch;
    EXPECT_EQ(pane, first - 1);
    EXPECT_EQ(found.shown.id, EpochId{first - 1}) << "it closed the pane before";
  }
  FrameLog log(options);
  EXPECT_EQ(log.recovered().shown.id, EpochId{60});
  Words words;
  log.replay([&](EpochData&& each, std::uint64_t) {
    if (each.id.number < first) {
      EXPECT_EQ(each.id.number, first - 1);
    }
    for (const auto& [of, columns] : each.partials) words["rows"] += static_cast<std::int64_t>(columns.size());
  });
  EXPECT_EQ(words["rows"], static_cast<std::int64_t>(2 * (60 - first + 2)));
}

TEST(Snapshot, WithLittleMemoryRunsAreMergedInBetween) {
  for (const std::size_t memory : {std::size_t{1}, std::size_t{300'000}}) {
    Home home;
    FrameLogOptions options = home.options(5000);
    options.snapshot_memory = memory;
    write_epochs(home, 1, 150, options);
    EXPECT_THAT(snapshots(home), SizeIs(2));
    EXPECT_THAT(home.disk.list("cp", "."), IsEmpty()) << "nothing in between stays";
    FrameLog log(options);
    EXPECT_EQ(replayed(log), words_until(150));
  }
}

TEST(Snapshot, OneThatRotsIsToldAndNotNeeded) {
  Home home;
  write_epochs(home, 1, 40, home.options(300));
  ASSERT_THAT(snapshots(home), SizeIs(2));
  const std::string name = "cp/" + snapshots(home).back();
  const std::string whole = home.disk.contents(name).value();
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    std::string rotten = whole;
    rotten[at] = static_cast<char>(rotten[at] ^ 16);
    home.disk.create(name, {})->write(std::as_bytes(std::span(rotten)));
    FrameLog log(home.options(300));
    EXPECT_THAT(log.recovered().damage, ElementsAre(HasSubstr(name)));
    EXPECT_EQ(replayed(log), words_until(40)) << at;
  }
  home.disk.create(name, {})->write(std::as_bytes(std::span(whole).first(whole.size() - 1)));
  write_epochs(home, 41, 60, home.options(300));
  FrameLog log(home.options(300));
  EXPECT_THAT(log.recovered().damage, IsEmpty()) << "it has gone with the next ones";
  EXPECT_EQ(replayed(log), words_until(60));
}

TEST(Snapshot, WithoutOneThatIsWholeTheBeginningIsMissed) {
  Home home;
  write_epochs(home, 1, 60, home.options(300));
  for (const std::string& name : snapshots(home)) home.disk.create("cp/" + name, {});
  try {
    FrameLog log(home.options(300));
    ADD_FAILURE() << "it was taken";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("what comes before it is missing"));
  }
}

TEST(Snapshot, OneThatCannotBeMadeLeavesTheLogAsItIs) {
  Home home;
  std::uint64_t failed = 0;
  {
    FrameLog log(home.options(300));
    log.start(readers());
    for (std::uint64_t number = 1; number <= 60; ++number) {
      log.append(epoch(number));
      log.commit({number});
      home.disk.fail_after(number < 50 ? number : 0);
      try {
        while (log.work()) {
        }
      } catch (const IoError&) {
        ++failed;
      }
      home.disk.fail_after(0);
    }
  }
  EXPECT_GT(failed, 5U);
  EXPECT_FALSE(snapshots(home).empty()) << "some are made all the same";
  FrameLog log(home.options(300));
  EXPECT_EQ(replayed(log), words_until(60));
}

TEST(Snapshot, WhoeverLooksWhileOneIsMadeLooksAgain) {
  Home home;
  int looks = 0;
  look_steadily(home.disk, "cp", [&] {
    if (++looks > 1) return;
    home.disk.create("cp/" + snapshot_name(1), {});
    throw IoError("a segment is gone");
  });
  EXPECT_EQ(looks, 2);
  EXPECT_THROW(look_steadily(home.disk, "cp", [] { throw IoError("damaged"); }), IoError);
}

void put(testing::FakeDisk& disk, const std::string& path, std::string_view bytes) {
  disk.create(path, {})->write(std::as_bytes(std::span(bytes)));
}

/// What a start finds: the last epoch, 0 if it refuses. It must have counted what that epoch has left.
std::uint64_t epoch_found(Home& home) {
  try {
    const Checkpoint found(home.disk, "cp");
    LoggedInputs inputs;
    StateRuns runs(false);
    const Recovered recovered = found.recover(inputs, runs);
    Words words;
    found.read({.budget = &unlimited_budget(), .seed = kSeed}, [&](EpochData&& each, std::uint64_t) {
      for (const auto& [pane, columns] : each.partials)
        for (std::size_t row = 0; row < columns.size(); ++row) {
          char scratch[8];
          words[std::string(columns.text(row, scratch))] += columns.counts[row];
        }
    });
    EXPECT_EQ(words, words_until(recovered.last.number));
    EXPECT_EQ(inputs.all().marks.at(0).next, static_cast<std::int64_t>(recovered.last.number));
    return recovered.last.number;
  } catch (const Error&) {
    return 0;
  }
}

// A changed last frame looks as one that was cut off; then the epoch before it is the last one.
TEST(Snapshot, OfAWholeCheckpointEveryChangedBitAndEveryCutIsSeen) {
  Home home;
  constexpr std::uint64_t kLast = 26;
  constexpr std::size_t kStep = MILLRACE_ONE_CASE_IN == 1 ? 1 : 23;
  write_epochs(home, 1, kLast, home.options(600));
  ASSERT_FALSE(snapshots(home).empty());
  std::size_t bytes = 0;
  std::map<std::uint64_t, std::size_t> found;
  for (const std::string& name : home.disk.list("cp")) {
    const std::string path = "cp/" + name;
    const std::string whole = home.disk.contents(path).value();
    bytes += whole.size();
    const bool last_segment = name == home.disk.list("cp", "seg-").back();
    const auto look = [&](std::uint64_t least) {
      const std::uint64_t epoch = epoch_found(home);
      EXPECT_TRUE(epoch == 0 || epoch == kLast || (last_segment && epoch >= least))
          << name << " finds " << epoch;
      ++found[epoch];
    };
    for (std::size_t bit = 0; bit < 8 * whole.size(); bit += kStep) {
      std::string changed = whole;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
      put(home.disk, path, changed);
      look(kLast - 1);
    }
    for (std::size_t length = 0; length < whole.size(); length += kStep) {
      put(home.disk, path, std::string_view(whole).substr(0, length));
      look(1);  // as far as it goes
    }
    put(home.disk, path, whole);
  }
  EXPECT_GE(bytes, 4096U);
  EXPECT_GT(found[0], 1000U / kStep) << "most is refused";
  EXPECT_GT(found[kLast], 1000U / kStep) << "snapshots are not needed";
}

}  // namespace
}  // namespace millrace::snapshot_test
