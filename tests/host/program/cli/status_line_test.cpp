// What the status line writes to its terminal.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/status_line.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

#include <millrace/error.h>

#include "host/program/cli/terminal/above_status_line.h"

namespace millrace::cli::status_line_test {
namespace {

using namespace std::chrono_literals;

class FullDisk final : public Sink {
 public:
  void begin(const Epoch&) override {}
  void write(std::span<const Aggregate>) override { throw IoError("the disk is full"); }
  void finish(const Epoch&) override {}
  void abandon(EpochId) noexcept override {}
  Delivery delivery() const override { return Delivery::at_least_once; }
};

class StatusLineTest : public ::testing::Test {
 protected:
  StatusLineTest() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~StatusLineTest() override {
    close(ends_[0]);
    close(ends_[1]);
  }
  int terminal() const { return ends_[1]; }
  std::string read_some() {
    std::array<char, 4096> buffer;
    return {buffer.data(), static_cast<std::size_t>(read(ends_[0], buffer.data(), buffer.size()))};
  }
  /// What was written since the last call; a dot goes first so that read() never blocks.
  std::string written() {
    EXPECT_EQ(write(ends_[1], ".", 1), 1);
    const std::string all = read_some();
    return all.substr(0, all.size() - 1);
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

TEST_F(StatusLineTest, NobodyWhoReadsHoldsNobodyUp) {
  alarm(60);
  StatusLine status(terminal());
  const std::string line(99, 'x');
  for (int i = 0; i < 2000; ++i) {
    status.write_line(line);
    status.show("drawing");
  }
  status.hold();
  const Instant before = std::chrono::steady_clock::now();
  status.finish(before + 20ms);
  EXPECT_GE(std::chrono::steady_clock::now() - before, 20ms);
  alarm(0);
}

TEST_F(StatusLineTest, TheEndWaitsForALateReader) {
  StatusLine status(terminal());
  const std::string line(9'999, 'x');
  for (int i = 0; i < 10; ++i) status.write_line(line);  // more than a pipe holds
  std::string all;
  std::thread reader([&] {
    std::this_thread::sleep_for(20ms);
    while (all.size() < 100'000) all += read_some();
  });
  status.finish(Deadline::max());
  reader.join();
  EXPECT_EQ(all.size(), 100'000U);
}

TEST_F(StatusLineTest, IsReleasedByASinkThatFails) {
  StatusLine status(terminal());
  AboveStatusLine sink(std::make_unique<FullDisk>(), status);
  EXPECT_THROW(sink.write({}), IoError);
  status.show("held");
  EXPECT_EQ(written(), "");
  sink.abandon({1});
  status.show("released");
  EXPECT_EQ(written(), "\r\x1b[Kreleased");
}

/// Looks at the terminal when it would write to it.
class LookingSink final : public Sink {
 public:
  explicit LookingSink(std::function<void()> look) : look_(std::move(look)) {}
  void begin(const Epoch&) override {}
  void write(std::span<const Aggregate>) override { look_(); }
  void finish(const Epoch&) override { look_(); }
  void abandon(EpochId) noexcept override {}
  Delivery delivery() const override { return Delivery::at_least_once; }

 private:
  std::function<void()> look_;
};

TEST_F(StatusLineTest, IsErasedBeforeASinkWritesAndWhenItFinishes) {
  StatusLine status(terminal());
  std::string seen;
  AboveStatusLine sink(std::make_unique<LookingSink>([&] { seen += written() + '|'; }), status);
  status.show("one");
  sink.write({});
  sink.finish({1});
  status.show("two");
  sink.finish({2});
  EXPECT_EQ(seen, "\r\x1b[Kone\r\x1b[K||\r\x1b[Ktwo\r\x1b[K|");
}

TEST_F(StatusLineTest, AClosedTerminalIsNoReasonToFail) {
  StatusLine status(-1);
  status.show("one");
  status.write_line("two");
}

TEST_F(StatusLineTest, IsCutToTheWidthOfTheTerminal) {
  int own = -1;
  int narrow = -1;
  const winsize size{.ws_row = 24, .ws_col = 20, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(openpty(&own, &narrow, nullptr, nullptr, &size), 0);
  {
    StatusLine status(narrow);
    status.show(std::string(500, 'x'));
    EXPECT_EQ(write(narrow, ".", 1), 1);
    std::string shown;
    for (char c = 0; c != '.' && read(own, &c, 1) == 1;) shown += c;
    EXPECT_EQ(shown, "\r\x1b[K" + std::string(19, 'x') + '.')
        << "the last column would move the cursor to the next line";
  }
  close(own);
  close(narrow);
}

TEST_F(StatusLineTest, IsNotDrawnBehindLinesThatFindNoRoom) {
  StatusLine status(terminal());
  const std::string line(9'999, 'x');
  for (int i = 0; i < 10; ++i) status.write_line(line);  // more than a pipe holds
  status.show("drawing");
  std::string all;
  while (all.size() < 100'000) {
    all += read_some();
    status.clear();
  }
  EXPECT_EQ(written(), "");
  EXPECT_EQ(all.find("drawing"), std::string::npos);
}

/// Writes down what it is asked.
class ListeningSink final : public Sink {
 public:
  explicit ListeningSink(std::string& heard) : heard_(heard) {}
  std::optional<Shown> probe(Deadline deadline) override {
    heard_ += deadline == Deadline::max() ? "probe " : "early ";
    return Shown{{8}};
  }
  std::optional<Shown> open(const JobId& job) override {
    heard_ += "open-" + job.name + ' ';
    return Shown{{9}};
  }
  void begin(const Epoch& epoch) override { heard_ += "begin" + std::to_string(epoch.id.number) + ' '; }
  void write(std::span<const Aggregate> rows) override {
    heard_ += "write" + std::to_string(rows.size()) + ' ';
  }
  void write_letters(std::span<const Letter> letters) override {
    heard_ += "letters" + std::to_string(letters.size()) + ' ';
  }
  void finish(const Epoch& epoch) override { heard_ += "finish" + std::to_string(epoch.id.number) + ' '; }
  void abandon(EpochId epoch) noexcept override { heard_ += "abandon" + std::to_string(epoch.number) + ' '; }
  Delivery delivery() const override { return Delivery::idempotent; }

 private:
  std::string& heard_;
};

TEST_F(StatusLineTest, ASinkAboveItHearsEverything) {
  StatusLine status(terminal());
  std::string heard;
  AboveStatusLine sink(std::make_unique<ListeningSink>(heard), status);
  EXPECT_EQ(sink.probe(Deadline::max()), Shown{{8}});
  EXPECT_EQ(sink.open({"a", 1}), Shown{{9}});
  sink.begin({.id = {3}});
  sink.write(std::array<Aggregate, 2>{});
  sink.write_letters(std::array<Letter, 3>{});
  sink.finish({3});
  sink.abandon({4});
  EXPECT_EQ(heard, "probe open-a begin3 write2 letters3 finish3 abandon4 ");
  EXPECT_EQ(sink.delivery(), Delivery::idempotent);
}

}  // namespace
}  // namespace millrace::cli::status_line_test
