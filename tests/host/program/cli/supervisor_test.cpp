// Signals before, while and after a job is started.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/supervisor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include <millrace/testing/memory_sink.h>
#include <millrace/testing/memory_source.h>

#include "host/program/cli/terminal/log.h"

namespace millrace::cli::supervisor_test {
namespace {

using namespace std::chrono_literals;
using millrace::testing::MemorySink;
using millrace::testing::MemorySource;
using ::testing::ExitedWithCode;

constexpr std::chrono::nanoseconds kLong = 1h;

class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest() {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    // Ignored ones are not ours to take; nohup and shells' background jobs have them ignored.
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT}) std::signal(signal, SIG_DFL);
  }

  /// For a process that is about to end.
  void tell_on_stderr() { start_log(Settings{}, stderr_); }
  void send(int signal) { kill(getpid(), signal); }
  void send_and_await(int signal) {
    send(signal);
    while (supervisor_.signal() == 0) std::this_thread::sleep_for(1ms);
  }
  /// Input that does not end by itself; `at_start` is called while the job is starting.
  Job job(std::function<void()> at_start) {
    Job job;
    job.from_sources.push_back([at_start](const SourceOptions& options) {
      at_start();
      SourceList sources;
      sources.push_back(std::make_unique<MemorySource>(options.framing));
      return sources;
    });
    job.to_sinks.push_back(sink_);
    job.options.threads = 1;
    return job;
  }

  StatusLine stderr_{STDERR_FILENO};
  StatusLine status_{-1};
  Supervisor supervisor_{status_};
  std::shared_ptr<MemorySink> sink_ = std::make_shared<MemorySink>();
};

TEST_F(SupervisorTest, BeforeTheJobASignalEndsTheProcess) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
    EXPECT_EXIT(
        {
          tell_on_stderr();
          supervisor_.watch({false, kLong});
          send(signal);
          std::this_thread::sleep_for(kLong);
        },
        ExitedWithCode(128 + signal), "SIG(INT|TERM|HUP|QUIT): ended before anything was read");
}

TEST_F(SupervisorTest, WhileTheJobIsStartingASignalIsRemembered) {
  supervisor_.watch({false, kLong});
  const Summary summary = supervisor_.run(job([this] { send_and_await(SIGTERM); }));
  EXPECT_EQ(supervisor_.signal(), SIGTERM);
  EXPECT_TRUE(summary.partial);
  EXPECT_EQ(sink_->finishes(), 1U) << "the result is shown";
}

TEST_F(SupervisorTest, WhileTheJobIsStartingTheSecondSignalEndsTheProcess) {
  EXPECT_EXIT(
      {
        tell_on_stderr();
        supervisor_.watch({false, kLong, 0ns});
        supervisor_.run(job([this] {
          send_and_await(SIGINT);
          send(SIGTERM);
          std::this_thread::sleep_for(kLong);
        }));
      },
      ExitedWithCode(128 + SIGINT), "SIGINT: ended at once by a second signal: rows not written are lost");
}

TEST_F(SupervisorTest, DrainingHasALimit) {
  EXPECT_EXIT(
      {
        tell_on_stderr();
        supervisor_.watch({false, 50ms});
        supervisor_.run(job([this] {
          send_and_await(SIGHUP);
          std::this_thread::sleep_for(kLong);
        }));
      },
      ExitedWithCode(128 + SIGHUP),
      "SIGHUP: draining took longer than --drain-timeout: rows not written are lost");
}

TEST_F(SupervisorTest, TheLongestLimitIsNoneToBeReached) {
  supervisor_.watch({true, std::chrono::nanoseconds::max()});
  EXPECT_TRUE(supervisor_.run(job([this] { send_and_await(SIGTERM); })).partial);
}

TEST_F(SupervisorTest, SignalsThatComeTogetherAreOneEvent) {
  supervisor_.watch({false, kLong, kLong});
  EXPECT_TRUE(supervisor_
                  .run(job([this] {
                    send_and_await(SIGHUP);
                    for (const int signal : {SIGHUP, SIGTERM, SIGINT, SIGHUP}) send(signal);
                  }))
                  .partial);
}

TEST_F(SupervisorTest, TheSameSignalLaterIsTheSecondOne) {
  EXPECT_EXIT(
      {
        supervisor_.watch({false, kLong, 0ns});
        supervisor_.run(job([this] {
          send_and_await(SIGHUP);
          send(SIGHUP);
          std::this_thread::sleep_for(kLong);
        }));
      },
      ExitedWithCode(128 + SIGHUP), "");
}

TEST_F(SupervisorTest, AfterTheJobASignalOnlyCutsTheLastWordsShort) {
  EXPECT_EXIT(
      {
        supervisor_.watch({false, kLong});
        supervisor_.run(job([this] { send_and_await(SIGTERM); }));
        supervisor_.leave_with(7);
        send(SIGTERM);
        std::this_thread::sleep_for(kLong);
      },
      ExitedWithCode(7), "");
}

TEST_F(SupervisorTest, AJobThatCannotStartIsOver) {
  supervisor_.watch({true, kLong});
  EXPECT_THROW(supervisor_.run(job([] { throw IoError("no input"); })), IoError);
}

// Whatever is left to do is done, and no draining is waited for.
TEST_F(SupervisorTest, AfterTheJobNoLimitOnDrainingEndsTheProcess) {
  EXPECT_EXIT(
      {
        supervisor_.watch({false, 0ns});
        EXPECT_THROW(supervisor_.run(job([] { throw IoError("no input"); })), IoError);
        send_and_await(SIGTERM);
        supervisor_.leave_with(7);  // behind what the signal does
        _exit(7);
      },
      ExitedWithCode(7), "");
}

TEST_F(SupervisorTest, AfterAJobThatHasRunASignalStopsNoJob) {
  EXPECT_EXIT(
      {
        supervisor_.watch({false, 0ns});
        Job finite = job([] {});
        finite.from_sources = {[](const SourceOptions&) { return SourceList{}; }};
        supervisor_.run(std::move(finite));
        send_and_await(SIGTERM);
        supervisor_.leave_with(7);
        _exit(7);
      },
      ExitedWithCode(7), "");
}

}  // namespace
}  // namespace millrace::cli::supervisor_test
