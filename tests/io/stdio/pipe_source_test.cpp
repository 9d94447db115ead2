// Pipes, as standard input is one, and FIFOs.
// SPDX-License-Identifier: Apache-2.0
#include "io/stdio/pipe_source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <utility>

#include <millrace/error.h>

#include "tests/io/source_contract.h"
#include "tests/io/temporary_directory.h"

namespace millrace::testing::pipe_source_test {
namespace {

using ::testing::ElementsAre;

/// Writes in pieces of changing size, so that records are cut everywhere.
void write_pieces(int descriptor, const std::string& content) {
  std::mt19937 random(static_cast<unsigned>(content.size()));
  std::size_t at = 0;
  while (at < content.size()) {
    const std::size_t most = std::min(content.size() - at, content.size() > 10'000 ? std::size_t{20'000} : 9);
    const std::size_t piece = 1 + random() % most;
    if (::write(descriptor, content.data() + at, piece) != static_cast<ssize_t>(piece)) return;
    at += piece;
  }
}

struct PipeWriter {
  std::string content;
  io::Descriptor end;
  std::jthread thread{};
};

OpenedSources open_pipe(const std::string& content, const SourceOptions& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  auto writer = std::make_shared<PipeWriter>(PipeWriter{content, io::Descriptor(ends[1])});
  writer->thread = std::jthread([w = writer.get()] {
    write_pieces(w->end.get(), w->content);
    w->end = io::Descriptor();
  });
  OpenedSources opened;
  opened.sources.push_back(std::make_unique<io::PipeSource>(io::Descriptor(ends[0]), "stdin", options));
  opened.keeps = writer;
  return opened;
}

OpenedSources open_silent_pipe(const std::string& content, const SourceOptions& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  write_pieces(ends[1], content);
  OpenedSources opened;
  opened.sources.push_back(std::make_unique<io::PipeSource>(io::Descriptor(ends[0]), "stdin", options));
  opened.keeps = std::make_shared<io::Descriptor>(ends[1]);
  return opened;
}

struct FifoWriter {
  TemporaryDirectory directory;
  std::jthread thread;
};

OpenedSources open_fifo(const std::string& content, const SourceOptions& options) {
  auto writer = std::make_shared<FifoWriter>();
  const std::string path = (writer->directory.path() / "fifo").string();
  if (::mkfifo(path.c_str(), 0600) != 0) throw std::runtime_error("mkfifo");
  OpenedSources opened;
  opened.sources.push_back(std::make_unique<io::PipeSource>(io::open_stream(path), path, options));
  writer->thread = std::jthread([path, content] {
    const io::Descriptor end(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    write_pieces(end.get(), content);
  });
  opened.keeps = writer;
  return opened;
}

struct SilentFifo {
  TemporaryDirectory directory;
  io::Descriptor writer;
};

OpenedSources open_silent_fifo(const std::string& content, const SourceOptions& options) {
  auto fifo = std::make_shared<SilentFifo>();
  const std::string path = (fifo->directory.path() / "fifo").string();
  if (::mkfifo(path.c_str(), 0600) != 0) throw std::runtime_error("mkfifo");
  OpenedSources opened;
  opened.sources.push_back(std::make_unique<io::PipeSource>(io::open_stream(path), path, options));
  opened.keeps = fifo;
  if (content.empty()) return opened;  // without a writer yet
  fifo->writer = io::Descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  write_pieces(fifo->writer.get(), content);
  return opened;
}

INSTANTIATE_TEST_SUITE_P(Stream, SourceContract,
                         ::testing::Values(SourceCase{"Pipe", open_pipe, open_silent_pipe},
                                           SourceCase{"Fifo", open_fifo, open_silent_fifo}),
                         case_name);

TEST(PipeSource, ThePositionDoesNotCoverAnUnfinishedRecord) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const io::Descriptor writer(ends[1]);
  io::PipeSource source(io::Descriptor(ends[0]), "stdin", {});
  ASSERT_EQ(::write(writer.get(), "one\ntw", 6), 6);
  std::vector<std::byte> into(100);
  EXPECT_EQ(source.read(into, {}, in(1s)).bytes, 4U);
  EXPECT_EQ(news_of(source), (Marks{{0, 4}}));
  EXPECT_EQ(source.read(into, {}, in(0s)).status, ReadResult::Status::idle);
  ASSERT_EQ(::write(writer.get(), "o\n", 2), 2);
  EXPECT_EQ(source.read(into, {}, in(1s)).bytes, 4U);
  EXPECT_EQ(text_of(std::span(into).first(4)), "two\n");
  EXPECT_EQ(news_of(source), (Marks{{0, 8}}));
}

TEST(PipeSource, AWakeIsNotSpentOnAPieceOfARecord) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const io::Descriptor writer(ends[1]);
  io::PipeSource source(io::Descriptor(ends[0]), "stdin", {});
  ASSERT_EQ(::write(writer.get(), "on", 2), 2);
  source.wake();
  std::vector<std::byte> into(100);
  const Deadline deadline = std::chrono::steady_clock::now() + 3s;
  EXPECT_EQ(source.read(into, {}, deadline).status, ReadResult::Status::idle);
  EXPECT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST(PipeSource, AHalfLineThatIsNotCountedIsToldOnce) {
  std::vector<std::string> told;
  SourceOptions options;
  options.on_event = [&](const Event& event) { told.push_back(event.text); };
  const OpenedSources opened = open_silent_pipe("one\ntwo three", options);
  Drained drained;
  read_some(*opened.sources[0], 100, drained);
  EXPECT_EQ(stop(*opened.sources[0], 100).bytes, "");
  EXPECT_EQ(stop(*opened.sources[0], 100).bytes, "");
  EXPECT_THAT(told, ElementsAre("9 bytes of an unfinished record at the end of stdin were not counted"));
}

TEST(PipeSource, WhatCameBeforeASocketWasResetIsKept) {
  std::vector<std::string> told;
  SourceOptions options;
  options.on_event = [&](const Event& event) { told.push_back(event.text); };
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  ASSERT_EQ(::write(ends[0], "?", 1), 1);  // a peer that closes without reading it resets
  io::PipeSource source(io::Descriptor(ends[0]), "stdin", options);
  ASSERT_EQ(::write(ends[1], "one\ntw", 6), 6);
  ASSERT_EQ(::close(ends[1]), 0);
  Drained drained;
  read_some(source, 100, drained);
  EXPECT_EQ(drained.bytes, "one\n");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(read_some(source, 100, drained).status, ReadResult::Status::broken);
  EXPECT_THAT(told,
              ElementsAre("stdin broke before its end, after 6 bytes: Connection reset by peer; not counted: 2 "
                          "bytes of an unfinished record"));
}

// It gives an end, as after Ctrl-D. The second that it takes is left for the signal.
TEST(PipeSource, ATerminalThatWasClosedBreaksTheInput) {
  std::vector<std::string> told;
  SourceOptions options;
  options.on_event = [&](const Event& event) { told.push_back(event.text); };
  io::Descriptor own(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(own && ::grantpt(own.get()) == 0 && ::unlockpt(own.get()) == 0);
  io::PipeSource source(io::open_stream(::ptsname(own.get())), "stdin", options);
  ASSERT_EQ(::write(own.get(), "one\n", 4), 4);
  Drained drained;
  read_some(source, 100, drained);
  EXPECT_EQ(drained.bytes, "one\n");
  { const io::Descriptor closed = std::move(own); }
  EXPECT_EQ(read_some(source, 100, drained).status, ReadResult::Status::broken);
  EXPECT_THAT(told, ElementsAre("stdin broke before its end, after 4 bytes: Input/output error"));
}

TEST(PipeSource, WhatCannotBeReadAtAllIsAnError) {
  io::PipeSource source(io::open_stream("/proc/self/mem"), "/proc/self/mem", {});
  std::vector<std::byte> into(100);
  EXPECT_THROW(source.read(into, {}, in(10s)), IoError);
}

// Bytes come and come, and no record ends.
TEST(PipeSource, ADeadlineEndsAReadThatNeverWaits) {
  io::PipeSource source(io::open_stream("/dev/zero"), "/dev/zero", {});
  std::vector<std::byte> into(100);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(source.read(into, {}, in(0s)).status, ReadResult::Status::idle);
}

TEST(PipeSource, ReadsDevices) {
  io::PipeSource source(io::open_stream("/dev/null"), "/dev/null", {});
  EXPECT_EQ(drain(source, 10).bytes, "");
}

}  // namespace
}  // namespace millrace::testing::pipe_source_test
