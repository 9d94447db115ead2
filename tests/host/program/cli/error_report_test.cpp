// From what is thrown to an exit status.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/error_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <new>
#include <stdexcept>
#include <system_error>

#include <millrace/error.h>

#include "host/program/cli/terminal/log.h"

namespace millrace::cli::error_report_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A pipe and the log to it, which outlive all tests.
struct Log {
  Log() { start_log(Settings{}, status); }
  static std::array<int, 2> new_pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    return ends;
  }
  std::array<int, 2> ends = new_pipe();
  StatusLine status{ends[1]};
};

class ReportTest : public ::testing::Test {
 protected:
  /// The exit status; what was written is in text_.
  template <class E>
  int report_of(const E& error) {
    return report_of(std::make_exception_ptr(error));
  }
  int report_of(const std::exception_ptr& error) {
    static Log log;
    const int code = report(error, log.status);
    log.status.write_line("");
    std::array<char, 65536> buffer;
    const ssize_t got = read(log.ends[0], buffer.data(), buffer.size());
    text_.assign(buffer.data(), static_cast<std::size_t>(got) - 1);
    return code;
  }

  std::string text_;
};

std::system_error refused(int reason) {
  return {reason, std::generic_category(), "refused"};
}

TEST_F(ReportTest, OurErrorsBringTheirStatus) {
  EXPECT_EQ(report_of(IoError("a: gone")), 74);
  EXPECT_EQ(text_, "millrace: error: a: gone\n");
  EXPECT_EQ(report_of(OutputClosed("enough")), 0);
  EXPECT_EQ(text_, "");
}

TEST_F(ReportTest, LimitsOfTheMachineAreNoInternalErrors) {
  EXPECT_EQ(report_of(refused(EMFILE)), 74);
  EXPECT_THAT(text_, HasSubstr("ulimit -n"));
  EXPECT_EQ(report_of(refused(ENFILE)), 74);
  EXPECT_THAT(text_, HasSubstr("cannot open any more"));
  EXPECT_EQ(report_of(refused(EAGAIN)), 75);
  EXPECT_THAT(text_, HasSubstr("thread"));
  EXPECT_EQ(report_of(refused(ENOMEM)), 75);
  EXPECT_THAT(text_, HasSubstr("out of memory"));
  EXPECT_EQ(report_of(refused(EIO)), 74);
  EXPECT_THAT(text_, HasSubstr("refused: Input/output error"));
  EXPECT_EQ(report_of(std::bad_alloc()), 75);
  EXPECT_EQ(text_, "millrace: error: out of memory: give a limit with --memory, or allow the process more\n");
  EXPECT_EQ(report_of(std::length_error("vector")), 75);
  EXPECT_THAT(text_, AllOf(HasSubstr("out of memory"), Not(HasSubstr("internal"))));
}

TEST_F(ReportTest, AllElseIsOurFault) {
  EXPECT_EQ(report_of(std::logic_error("never")), 70);
  EXPECT_EQ(text_, "millrace: error: internal error: never\n");
}

TEST_F(ReportTest, ManyProblemsAreCountedAndNotShown) {
  EXPECT_EQ(report_of(ConfigError(std::vector<std::string>(5000, "a problem"), 66)), 66);
  EXPECT_EQ(std::ranges::count(text_, '\n'), 21);
  EXPECT_THAT(text_, HasSubstr("error: 4,980 more problems are not shown\n"));
  EXPECT_EQ(report_of(ConfigError(std::vector<std::string>(20, "a problem"))), 78);
  EXPECT_EQ(std::ranges::count(text_, '\n'), 20);
  EXPECT_THAT(text_, Not(HasSubstr("more problems")));
}

TEST_F(ReportTest, NoMessageFloodsTheLog) {
  EXPECT_EQ(report_of(IoError(std::string(1'000'000, 'x') + '\n')), 74);
  EXPECT_LT(text_.size(), 5000U);
  EXPECT_THAT(text_, HasSubstr("xxx…\n"));
}

}  // namespace
}  // namespace millrace::cli::error_report_test
