// Rows to what is open: readers that are slow or gone, files that are synced, what cannot be written.
// SPDX-License-Identifier: Apache-2.0
#include "io/stdio/stdout_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include <millrace/error.h>

#include "io/descriptor.h"
#include "tests/io/rows.h"
#include "tests/io/temporary_directory.h"

namespace {
int syncs = 0;            ///< of data, by anybody in this program
int failure_of_sync = 0;  ///< errno; 0: none
}  // namespace

// Stands before the C library's.
extern "C" int fdatasync(int) {
  ++syncs;
  errno = failure_of_sync;
  return failure_of_sync == 0 ? 0 : -1;
}

namespace millrace::testing::stdout_sink_test {
namespace {

void write_epoch(Sink& sink, std::uint64_t number, const Rows& rows) {
  sink.begin({{number}});
  sink.write(rows.aggregates());
  sink.finish({number});
}

TEST(StdoutSink, AReaderThatLeftIsNoFailure) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ::close(ends[0]);
  const io::Descriptor writer(ends[1]);
  io::StdoutSink sink(count_layout(), io::Outlet(writer.get()));
  sink.begin({1});
  sink.write(rows_of(1, 1).aggregates());
  try {
    sink.finish({1});
    FAIL() << "no error";
  } catch (const OutputClosed& error) {
    EXPECT_EQ(error.exit_code(), 0);
  }
}

TEST(StdoutSink, ASlowReaderGetsEverything) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const io::Descriptor writer(ends[1]);
  const Rows rows = rows_of(1, 100'000);
  const std::string expected = rows.text();
  std::string read;
  std::jthread reader([&, end = io::Descriptor(ends[0])] {
    io::Waker never;
    char piece[1000];
    while (never.wait_readable(end.get(), Deadline::max())) {
      const ssize_t got = ::read(end.get(), piece, sizeof piece);
      if (got == 0) break;
      if (got > 0) read.append(piece, static_cast<std::size_t>(got));
      if (read.size() >= expected.size()) break;
    }
  });
  io::StdoutSink sink(count_layout(), io::Outlet(writer.get()));
  write_epoch(sink, 1, rows);
  reader.join();
  EXPECT_TRUE(read == expected);
}

TEST(StdoutSink, WhatGoesToAFileIsDurableWhenItsEpochIsFinished) {
  const TemporaryDirectory directory;
  const io::Descriptor file(::open(directory.write("out", "").c_str(), O_WRONLY | O_CLOEXEC));
  io::StdoutSink sink(count_layout(), io::Outlet(file.get()));
  syncs = 0;
  write_epoch(sink, 1, rows_of(1, 1));
  EXPECT_EQ(syncs, 1);
  write_epoch(sink, 2, rows_of(2, 1));
  EXPECT_EQ(syncs, 2);

  const io::Descriptor null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  io::StdoutSink nowhere(count_layout(), io::Outlet(null.get()));
  write_epoch(nowhere, 1, rows_of(1, 1));
  EXPECT_EQ(syncs, 2) << "others keep nothing";
}

TEST(StdoutSink, AFileThatCannotBeSyncedIsAnErrorUnlessTheKernelTakesIt) {
  const TemporaryDirectory directory;
  const io::Descriptor file(::open(directory.write("out", "").c_str(), O_WRONLY | O_CLOEXEC));
  io::StdoutSink sink(count_layout(), io::Outlet(file.get()));
  failure_of_sync = EIO;
  EXPECT_THROW(write_epoch(sink, 1, rows_of(1, 1)), IoError);
  failure_of_sync = EINVAL;
  EXPECT_NO_THROW(write_epoch(sink, 2, rows_of(2, 1)));
  failure_of_sync = 0;
}

TEST(StdoutSink, ADeviceIsTriedBefore) {
  const TemporaryDirectory directory;
  io::StdoutSink missing(count_layout(), io::Outlet((directory.path() / "missing/device").string(), {}));
  EXPECT_THROW(missing.probe(Deadline::max()), IoError);
}

TEST(StdoutSink, WhatCannotBeWrittenIsSeenBefore) {
  const TemporaryDirectory directory;
  const io::Descriptor read_only(::open(directory.write("out", "").c_str(), O_RDONLY | O_CLOEXEC));
  for (const int descriptor : {read_only.get(), 987}) {
    io::StdoutSink sink(count_layout(), io::Outlet(descriptor));
    EXPECT_THROW(sink.probe(Deadline::max()), IoError);
  }
}

// A row that was cut off and the one that comes again would be one row, of a key that nobody has counted.
TEST(StdoutSink, WhatComesAgainBeginsALine) {
  RowLayout layout = count_layout();
  for (const bool epoch : {true, false})
    for (const std::string before : {"", "whole\n", "cut o"}) {
      layout.epoch = epoch;
      const TemporaryDirectory directory;
      const std::string path = directory.write("out", before);
      const io::Descriptor out(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
      io::StdoutSink sink(layout, io::Outlet(out.get()));
      write_epoch(sink, 7, rows_of(7, 1));
      const std::string row = epoch ? "word7.0\t0\t7\n" : "word7.0\t0\n";
      EXPECT_EQ(directory.read("out"), before + (epoch && before == "cut o" ? "\n" : "") + row);
    }
}

TEST(StdoutSink, TheHeaderComesOnce) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("out", "");
  const io::Descriptor out(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  RowLayout layout = count_layout();
  layout.format = Format::tsv;
  layout.header = true;
  io::StdoutSink sink(layout, io::Outlet(out.get()));
  sink.begin({1});
  sink.abandon({1});
  write_epoch(sink, 1, rows_of(1, 1));
  write_epoch(sink, 2, rows_of(2, 1));
  EXPECT_EQ(directory.read("out"), "key\tcount\nword1.0\t0\nword2.0\t0\n");
}

}  // namespace
}  // namespace millrace::testing::stdout_sink_test
