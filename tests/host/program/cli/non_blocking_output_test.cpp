// Output that nobody takes.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/non_blocking_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>

namespace millrace::cli::non_blocking_output_test {
namespace {

using namespace std::chrono_literals;

/// Two ends of a pipe or a socket; what is read from one was written to the other.
class NonBlockingOutputTest : public ::testing::TestWithParam<bool> {
 protected:
  NonBlockingOutputTest() {
    const bool is_socket = GetParam();
    EXPECT_EQ(is_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) : pipe(ends_.data()), 0);
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    alarm(60);  // what waits after all would wait for ever
  }
  ~NonBlockingOutputTest() override {
    alarm(0);
    close(ends_[0]);
    close(ends_[1]);
  }
  int end() const { return ends_[1]; }
  /// All that was written.
  std::string take() {
    std::string all;
    std::array<char, 4096> buffer;
    for (;;) {
      const ssize_t got = read(ends_[0], buffer.data(), buffer.size());
      if (got <= 0) return all;
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  /// What fills the other end.
  static std::string fill(NonBlockingOutput& output) {
    std::string all;
    while (output.flush()) {
      output.add({std::string(1000, 'x')});
      all.append(1000, 'x');
    }
    return all;
  }

 private:
  std::array<int, 2> ends_{};
};

TEST_P(NonBlockingOutputTest, WritesAtOnce) {
  NonBlockingOutput output(end());
  output.add({"one ", "line", "\n"});
  EXPECT_EQ(take(), "one line\n");
  EXPECT_TRUE(output.flush());
}

TEST_P(NonBlockingOutputTest, KeepsWhatFindsNoRoomUntilThereIsSome) {
  NonBlockingOutput output(end());
  std::string written = fill(output);
  output.add({"kept\n"});
  EXPECT_FALSE(output.flush());
  std::string taken;
  while (!output.flush()) taken += take();
  EXPECT_EQ(taken + take(), written + "kept\n");
}

TEST_P(NonBlockingOutputTest, DropsLinesWholeWhenItKeepsEnough) {
  NonBlockingOutput output(end());
  std::string expected = fill(output);
  const std::string line = std::string(999, 'l') + '\n';
  for (int i = 0; i < 200; ++i)
    output.add({std::string_view(line).substr(0, 500), std::string_view(line).substr(500)});
  std::string taken;
  while (!output.flush()) taken += take();
  taken += take();
  ASSERT_EQ(taken.substr(0, expected.size()), expected);
  const std::string lines = taken.substr(expected.size());
  EXPECT_GE(lines.size(), 50 * line.size());
  EXPECT_LE(lines.size(), std::size_t{1} << 16);
  EXPECT_EQ(lines.size() % line.size(), 0U);
}

TEST_P(NonBlockingOutputTest, TakesALineAsSoonAsThereIsRoomAgain) {
  NonBlockingOutput output(end());
  fill(output);
  for (int i = 0; i < 200; ++i) output.add({std::string(999, 'l') + '\n'});
  take();  // the reader goes on
  const std::string last = std::string(999, 'z') + '\n';
  output.add({last});
  std::string rest;
  while (!output.flush()) rest += take();
  rest += take();
  EXPECT_TRUE(rest.ends_with(last));
}

TEST_P(NonBlockingOutputTest, WaitsAsLongAsItIsTold) {
  NonBlockingOutput output(end());
  const std::string written = fill(output);
  const auto before = std::chrono::steady_clock::now();
  output.wait(before + 20ms);
  EXPECT_GE(std::chrono::steady_clock::now() - before, 20ms);
  take();
  output.wait(Deadline::max());
  EXPECT_TRUE(output.flush());
}

TEST_P(NonBlockingOutputTest, LeavesTheFlagsOfTheOthersAlone) {
  NonBlockingOutput output(end());
  output.add({"x"});
  EXPECT_EQ(fcntl(end(), F_GETFL) & O_NONBLOCK, 0);
}

INSTANTIATE_TEST_SUITE_P(Ends, NonBlockingOutputTest, ::testing::Bool(),
                         [](const auto& which) { return which.param ? "Socket" : "Pipe"; });

TEST(NonBlockingOutput, IgnoresWhatCannotBeWrittenTo) {
  const int closed = dup(STDERR_FILENO);
  close(closed);
  NonBlockingOutput output(closed);
  output.add({"x"});
  EXPECT_TRUE(output.flush());
}

TEST(NonBlockingOutput, GoesOnBehindWhatAFileHolds) {
  char path[] = "/tmp/millrace_output_XXXXXX";
  const int file = mkstemp(path);
  ASSERT_EQ(write(file, "before ", 7), 7);
  NonBlockingOutput output(file);
  output.add({"behind"});
  std::array<char, 32> buffer{};
  EXPECT_EQ(pread(file, buffer.data(), buffer.size(), 0), 13);
  EXPECT_STREQ(buffer.data(), "before behind");
  close(file);
  unlink(path);
}

}  // namespace
}  // namespace millrace::cli::non_blocking_output_test
