// Faults on purpose: what is asked for is understood, and strikes where and when it should.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/faults/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <thread>

#include <millrace/error.h>
#include <millrace/testing/fake_disk.h>

#include "tests/host/job/memory_jobs.h"

namespace millrace::faults_test {
namespace {

using ::testing::ElementsAre;
using testing::FakeDisk;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemorySink;

std::vector<std::string> problems_of(std::string_view text) {
  try {
    FaultPlan(text, {});
  } catch (const ConfigError& error) {
    return error.problems();
  }
  return {};
}

TEST(FaultPlan, KnowsEveryPointAndAction) {
  for (const FaultPoint& point : fault_points())
    for (const char* action : {":kill", ":error", ":stall", ":12:kill"})
      EXPECT_THAT(problems_of(std::string(point.name) + action), IsEmpty()) << point.name << action;
}

TEST(FaultPlan, TellsAllThatIsWrong) {
  EXPECT_THAT(problems_of("log.snyc:kill,log.sync:2:kill,log.sync:klil"),
              ElementsAre(HasSubstr("did you mean \"log.sync\"?"), HasSubstr("did you mean \"kill\"?")));
  for (const char* text : {"", "kill", "log.sync", "log.sync:kill,", "log.sync:1:2:kill"})
    EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr("is not POINT[:N]:ACTION"))) << text;
  for (const char* number : {"0", "-1", "", "1x", "99999999999999999999"})
    EXPECT_THAT(problems_of("log.sync:" + std::string(number) + ":kill"), ElementsAre(HasSubstr("from 1 on")))
        << number;
}

TEST(FaultPlan, StrikesTheNthTimeAndTellsIt) {
  std::vector<std::string> told;
  FaultPlan plan("log.sync:2:error,sink.finish:error,log.sync:4:error",
                 [&](const Event& event) { told.push_back(event.text); });
  plan.reach("log.sync");
  plan.reach("log.synced");
  EXPECT_THAT(told, IsEmpty());
  EXPECT_THROW(plan.reach("log.sync"), IoError);
  EXPECT_NO_THROW(plan.reach("log.sync"));
  EXPECT_THROW(plan.reach("log.sync"), IoError);
  EXPECT_NO_THROW(plan.reach("log.sync"));
  EXPECT_THROW(plan.reach("sink.finish"), TransientError);
  EXPECT_NO_THROW(plan.reach("sink.finish"));
  EXPECT_THAT(told, ElementsAre("the fault log.sync:2:error strikes", "the fault log.sync:4:error strikes",
                                "the fault sink.finish:error strikes"));
}

TEST(FaultPlan, HasNoPointsBesideTheTable) {
  EXPECT_THROW(FaultPlan("log.sync:error", {}).reach("log.snyc"), InternalError);
}

TEST(FaultPlanDeathTest, Kills) {
  EXPECT_EXIT(FaultPlan("log.sync:kill", {}).reach("log.sync"), ::testing::KilledBySignal(SIGKILL), "");
}

TEST(FaultPlanDeathTest, Stalls) {
  const auto stall = [] {
    std::atomic<bool> went_on = false;
    std::thread([&] {
      FaultPlan("log.sync:stall", {}).reach("log.sync");
      went_on = true;
    }).detach();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    std::_Exit(went_on ? 1 : 0);
  };
  EXPECT_EXIT(stall(), ::testing::ExitedWithCode(0), "");
}

/// A call of a disk on which "/d/a" holds "old", and how to see that it was made.
struct DiskCall {
  const char* before;
  const char* after;
  std::function<void(Disk&)> make;
  std::function<bool(FakeDisk&)> is_made;
};

const std::vector<DiskCall> kCalls = {
    {"create", "created", [](Disk& disk) { disk.create("/d/b", {}); },
     [](FakeDisk& disk) { return disk.contents("/d/b").has_value(); }},
    {"write", "written", [](Disk& disk) { disk.create("/d/b", {})->write(std::as_bytes(std::span("new", 3))); },
     [](FakeDisk& disk) { return disk.contents("/d/b") == "new"; }},
    {"rename", "renamed", [](Disk& disk) { disk.rename("/d/a", "/d/c"); },
     [](FakeDisk& disk) { return disk.contents("/d/c") == "old"; }},
    {"remove", "removed", [](Disk& disk) { disk.remove("/d/a"); },
     [](FakeDisk& disk) { return !disk.contents("/d/a"); }},
    {"lock", "locked",
     [held = std::make_shared<std::unique_ptr<DiskLock>>()](Disk& disk) { *held = disk.lock("/d/a"); },
     [](FakeDisk&) { return true; }},
    {"sync", "synced", [](Disk& disk) { disk.create("/d/a", {})->sync(); },
     [](FakeDisk& disk) {
       disk.crash();
       return disk.contents("/d/a") == "";
     }},
    {"sync_directory", "synced_directory", [](Disk& disk) { disk.sync_directory("/d"); },
     [](FakeDisk& disk) {
       disk.crash();
       return disk.contents("/d/a").has_value();
     }},
};

std::shared_ptr<FakeDisk> a_disk(bool durable) {
  auto disk = std::make_shared<FakeDisk>();
  disk->create_directories("/d", {});
  const auto file = disk->create("/d/a", {});
  file->write(std::as_bytes(std::span("old", 3)));
  file->sync();
  if (durable) disk->sync_directory("/d");
  return disk;
}

TEST(FaultyDisk, FailsBeforeACallOrBehindIt) {
  for (const DiskCall& call : kCalls) {
    const bool durable = std::string_view(call.before) != "sync_directory";
    const auto made_with = [&](const std::string& fault) {
      const auto disk = a_disk(durable);
      Faults faults(fault, *disk, {});
      EXPECT_THROW(call.make(faults.outputs()), IoError) << fault;
      return call.is_made(*disk);
    };
    const bool shows = std::string_view(call.before) != "lock";
    EXPECT_EQ(made_with("output." + std::string(call.before) + ":error"), !shows) << call.before;
    EXPECT_TRUE(made_with("output." + std::string(call.after) + ":error")) << call.after;
    const auto disk = a_disk(durable);
    Faults others("log." + std::string(call.before) + ":error", *disk, {});
    EXPECT_NO_THROW(call.make(others.outputs())) << "the log has a disk of its own";
    EXPECT_TRUE(call.is_made(*disk)) << call.before;
  }
}

TEST(FaultyDisk, PassesOnWhatItIsAsked) {
  const auto fake = a_disk(true);
  Faults faults("log.read:2:error", *fake, {});
  Disk& disk = faults.log();
  EXPECT_THAT(disk.create_directories("/d/e", {.owner_only = true}), ElementsAre("/d/e"));
  EXPECT_EQ(fake->permissions("/d/e"), 0700U);
  disk.remove_directory("/d/e");
  EXPECT_FALSE(fake->has_directory("/d/e"));
  EXPECT_THAT(disk.list("/d", "a"), ElementsAre("a"));
  EXPECT_EQ(disk.names_of("/d/a"), 1U);
  EXPECT_NO_THROW(disk.probe("/d/a"));
  EXPECT_EQ(disk.open("/d/b"), nullptr);
  EXPECT_EQ(disk.create("/d/a", {.exclusive = true}), nullptr);
  const auto file = disk.create("/d/private", {.owner_only = true});
  EXPECT_TRUE(file->is_at("/d/private"));
  file->take_rights_of("/d/a");
  EXPECT_EQ(fake->permissions("/d/private"), fake->permissions("/d/a"));
  const auto lock = disk.lock("/d/a");
  EXPECT_TRUE(lock->exclusive());
  EXPECT_EQ(disk.lock("/d/a"), nullptr);
  const auto reader = disk.open("/d/a");
  EXPECT_EQ(reader->size(), 3U);
  std::array<std::byte, 8> bytes{};
  EXPECT_EQ(reader->read_at(1, bytes), 2U);
  EXPECT_EQ(bytes[0], std::byte{'l'});
  EXPECT_THROW(reader->read_at(0, bytes), IoError);
}

/// A job of two outputs and one input; the other points are tried by tests/system/fault_points_test.py.
std::uint64_t retries_with(const std::string& faults) {
  const auto sinks = {std::make_shared<MemorySink>(), std::make_shared<MemorySink>()};
  Job job{.from_sources = {text("a b a\n")}, .to_sinks = {sinks.begin(), sinks.end()}};
  job.options.retry_pause = std::chrono::microseconds(1);
  job.seams.faults = faults;
  const Summary summary = run(job);
  for (const auto& sink : sinks)
    EXPECT_EQ(totals(*sink), (std::map<std::string, std::int64_t>{{"a", 2}, {"b", 1}})) << faults;
  return summary.progress.retries;
}

TEST(Faults, OfSinksAndSourcesAreOvercome) {
  EXPECT_EQ(retries_with(""), 0U);
  for (const char* call : {"begin", "begun", "write", "written", "finish", "finished"})
    EXPECT_EQ(retries_with("sink." + std::string(call) + ":2:error"), 1U) << call;
  EXPECT_EQ(retries_with("source.read:error"), 1U);
  EXPECT_EQ(retries_with("sink.finish:3:error"), 0U) << "there are two outputs, and one epoch";
}

TEST(Faults, ThatAreNoneAreToldWithAllElseThatIsWrong) {
  Job job{.from_sources = {text("a")}, .to_sinks = {nullptr}};
  job.seams.faults = "log.snyc:kill";
  try {
    run(job);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 78);
    EXPECT_THAT(error.problems(), ElementsAre(HasSubstr("a sink is null"), HasSubstr("log.snyc")));
  }
}

}  // namespace
}  // namespace millrace::faults_test
