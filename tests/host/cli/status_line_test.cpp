// What the status line writes to its terminal.
// SPDX-License-Identifier: Apache-2.0
#include "host/cli/status_line.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

namespace millrace::cli {
namespace {

class StatusLineTest : public testing::Test {
 protected:
  StatusLineTest() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~StatusLineTest() override {
    close(ends_[0]);
    close(ends_[1]);
  }
  int terminal() const { return ends_[1]; }
  /// What was written since the last call; a dot goes first so that read() never blocks.
  std::string written() {
    EXPECT_EQ(write(ends_[1], ".", 1), 1);
    std::array<char, 4096> buffer;
    const ssize_t n = read(ends_[0], buffer.data(), buffer.size());
    return {buffer.data(), static_cast<std::size_t>(n) - 1};
  }

 private:
  std::array<int, 2> ends_{};
};

TEST_F(StatusLineTest, IsErasedBeforeOtherLinesAndAtTheEnd) {
  {
    StatusLine status(terminal());
    status.show("one");
    EXPECT_EQ(written(), "\r\x1b[Kone");
    status.write_line("message");
    EXPECT_EQ(written(), "\r\x1b[Kmessage\n");
    status.write_line("again");
    EXPECT_EQ(written(), "again\n") << "nothing is drawn any more";
    status.show("two");
  }
  EXPECT_EQ(written(), "\r\x1b[Ktwo\r\x1b[K");
}

TEST_F(StatusLineTest, IsCutToTheWidth) {
  StatusLine status(terminal());
  status.show(std::string(500, 'x'));
  EXPECT_EQ(written(), "\r\x1b[K" + std::string(79, 'x'));
}

TEST_F(StatusLineTest, DrawsNothingWhileHeld) {
  StatusLine status(terminal());
  status.show("one");
  status.hold();
  EXPECT_EQ(written(), "\r\x1b[Kone\r\x1b[K");
  status.show("two");
  EXPECT_EQ(written(), "");
  status.release();
  status.show("three");
  EXPECT_EQ(written(), "\r\x1b[Kthree");
}

TEST_F(StatusLineTest, AClosedTerminalIsNoReasonToFail) {
  StatusLine status(-1);
  status.show("one");
  status.write_line("two");
}

}  // namespace
}  // namespace millrace::cli
