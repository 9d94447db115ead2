// The sinks of the house keep the contract, on real disks and on failing ones.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <millrace/testing/fake_disk.h>
#include <millrace/testing/memory_sink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include <millrace/error.h>

#include "io/descriptor.h"
#include "io/discard_sink.h"
#include "io/file/file_sink.h"
#include "io/file/path_sink.h"
#include "io/stdio/stdout_sink.h"
#include "tests/io/sink_contract.h"
#include "tests/io/temporary_directory.h"

namespace millrace::testing::sink_test {
namespace {

using io::FileSink;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

OpenedSink open_stdout() {
  const auto directory = std::make_shared<TemporaryDirectory>();
  directory->write("out", "");
  struct Keeps {
    std::shared_ptr<TemporaryDirectory> directory;
    io::Descriptor out;
  };
  const int number = ::open((directory->path() / "out").c_str(), O_WRONLY | O_CLOEXEC);
  return {std::make_unique<io::StdoutSink>(count_layout(), io::Outlet(number)),
          [directory] { return directory->read("out"); },
          std::make_shared<Keeps>(directory, io::Descriptor(number))};
}

OpenedSink open_directory() {
  const auto directory = std::make_shared<TemporaryDirectory>();
  auto text = [directory] {
    std::string all;
    for (const std::string& name : real_disk().list(directory->path() / "deep/out", "epoch-"))
      all += directory->read("deep/out/" + name);
    return all;
  };
  return {std::make_unique<FileSink>(count_layout(), directory->path() / "deep/out/", FileSink::Kind::directory,
                                     real_disk()),
          text, directory};
}

OpenedSink open_file() {
  const auto directory = std::make_shared<TemporaryDirectory>();
  return {std::make_unique<FileSink>(count_layout(), directory->path() / "out.txt", FileSink::Kind::file,
                                     real_disk()),
          [directory] { return directory->read("out.txt"); }, directory};
}

OpenedSink open_discard() {
  return {std::make_unique<io::DiscardSink>(), {}};
}

OpenedSink open_memory() {
  auto sink = std::make_unique<MemorySink>();
  auto text = [memory = sink.get()] {
    std::string all;
    for (const MemoryRow& row : memory->rows()) all += row.key + '\t' + to_string(row.values.at(0)) + '\n';
    return all;
  };
  return {std::move(sink), text};
}

OpenedSink open_path(const std::string& path, std::function<std::string()> text, std::shared_ptr<void> keeps) {
  return {io::open_path(path, count_layout(), real_disk(), {}), std::move(text), std::move(keeps)};
}

OpenedSink open_link() {
  const auto directory = std::make_shared<TemporaryDirectory>();
  std::filesystem::create_symlink(directory->write("real.txt", "old"), directory->path() / "link.txt");
  return open_path(
      directory->path() / "link.txt", [directory] { return directory->read("real.txt"); }, directory);
}

OpenedSink open_dangling_link() {
  const auto directory = std::make_shared<TemporaryDirectory>();
  std::filesystem::create_symlink("real.txt", directory->path() / "link.txt");
  return open_path(
      directory->path() / "link.txt", [directory] { return directory->read("real.txt"); }, directory);
}

// What a shell makes of `>> out.txt`, under a name that a program may be given for it.
OpenedSink open_appended_file() {
  const auto directory = std::make_shared<TemporaryDirectory>();
  const std::string before = "before\n";
  const io::Descriptor file(
      ::open(directory->write("out.txt", before).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  return open_path(
      "/dev/fd/" + std::to_string(file.get()), [=] { return directory->read("out.txt").substr(before.size()); },
      directory);
}

OpenedSink open_fifo() {
  struct Reader {
    TemporaryDirectory directory;
    std::string path = directory.path() / "fifo";
    int made = ::mkfifo(path.c_str(), 0600);
    io::Descriptor end{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    int holds = ::fcntl(end.get(), F_SETPIPE_SZ, 1 << 20);  // all rows of a test
    std::string text;
    std::string read() {
      char piece[4096];
      for (ssize_t got = 0; (got = ::read(end.get(), piece, sizeof piece)) > 0;)
        text.append(piece, static_cast<std::size_t>(got));
      return text;
    }
  };
  const auto reader = std::make_shared<Reader>();
  return open_path(
      reader->path, [reader] { return reader->read(); }, reader);
}

OpenedSink open_device() {
  return open_path("/dev/null", {}, {});
}

INSTANTIATE_TEST_SUITE_P(
    Sinks, SinkContract,
    ::testing::Values(SinkCase{"Stdout", open_stdout, true, false}, SinkCase{"Directory", open_directory, true},
                      SinkCase{"File", open_file, false, false}, SinkCase{"Link", open_link, false, false},
                      SinkCase{"DanglingLink", open_dangling_link, false, false},
                      SinkCase{"AppendedFile", open_appended_file, true, false},
                      SinkCase{"Fifo", open_fifo, true, false}, SinkCase{"Device", open_device, true, false},
                      SinkCase{"Discard", open_discard, true, false}, SinkCase{"Memory", open_memory}),
    sink_name);

void write_epoch(Sink& sink, std::uint64_t number, const Rows& rows) {
  sink.begin({number});
  sink.write(rows.aggregates());
  sink.finish({number});
}

TEST(FileSink, ADirectoryHasAFilePerEpochAndNothingElse) {
  FakeDisk disk;
  RowLayout layout = count_layout();
  layout.format = Format::csv;
  layout.header = true;
  FileSink sink(layout, "out", FileSink::Kind::directory, disk);
  write_epoch(sink, 42, rows_of(42, 1));
  sink.begin({43});
  sink.abandon({43});
  EXPECT_THAT(disk.list("out"), ElementsAre("epoch-000000000042.csv"));
  EXPECT_EQ(disk.contents("out/epoch-000000000042.csv"), "key,count\nword42.0,0\n");
}

TEST(FileSink, LeftOversAreRemovedAndOtherFilesAreNot) {
  FakeDisk disk;
  for (const char* name : {"out/.epoch-000000000007.txt.millrace-0123abcd.tmp", "out/.other.tmp",
                           "out/.notes.millrace-0123abcd.tmp", "out/epoch-000000000006.txt", "out/notes"})
    disk.create(name, {});
  FileSink sink(count_layout(), "out/", FileSink::Kind::directory, disk);
  EXPECT_EQ(sink.probe(Deadline::max()), Shown{{6}});
  EXPECT_THAT(disk.list("out"), SizeIs(5)) << "looking removes nothing";
  write_epoch(sink, 7, rows_of(7, 1));
  EXPECT_THAT(disk.list("out"), ElementsAre(".notes.millrace-0123abcd.tmp", ".other.tmp",
                                            "epoch-000000000006.txt", "epoch-000000000007.txt", "notes"));
}

TEST(FileSink, EveryFailureLeavesFinishedEpochsWhole) {
  for (std::uint64_t at = 1;; ++at) {
    FakeDisk disk;
    std::optional<EpochId> finished;
    disk.fail_after(at);
    try {
      FileSink sink(count_layout(), "out", FileSink::Kind::directory, disk);
      for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) {
        write_epoch(sink, epoch, rows_of(epoch, 5));
        finished = EpochId{epoch};
      }
    } catch (const IoError&) {
      // What is finished is looked at below.
    }
    const bool failed = disk.operations() >= at;
    disk.fail_after(0);
    disk.crash();
    FileSink again(count_layout(), "out", FileSink::Kind::directory, disk);
    const std::optional<Shown> shown = again.probe(Deadline::max());
    EXPECT_GE(shown ? shown->id : EpochId{0}, finished.value_or(EpochId{0}));
    for (std::uint64_t epoch = 1; finished && epoch <= finished->number; ++epoch)
      EXPECT_EQ(disk.contents("out/epoch-00000000000" + std::to_string(epoch) + ".txt"),
                rows_of(epoch, 5).text());
    if (!failed) {
      EXPECT_GT(at, 12U) << "the failures reached all operations";
      break;
    }
  }
}

TEST(FileSink, AnyCrashShowsEpochsWholeOrNotAtAll) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300; ++round) {
    FakeDisk disk;
    std::optional<EpochId> finished;
    disk.fail_after(1 + random() % 20);
    try {
      FileSink sink(count_layout(), "out", FileSink::Kind::directory, disk);
      for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) {
        write_epoch(sink, epoch, rows_of(epoch, 5));
        finished = EpochId{epoch};
      }
    } catch (const IoError&) {
      // The power goes at the same moment.
    }
    disk.crash(random);
    for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) {
      const auto file = disk.contents("out/epoch-00000000000" + std::to_string(epoch) + ".txt");
      EXPECT_EQ(file.value_or(rows_of(epoch, 5).text()), rows_of(epoch, 5).text());
      EXPECT_TRUE(file.has_value() || !finished || epoch > finished->number);
    }
  }
}

TEST(FileSink, TheSingleFileAppearsWhenItIsComplete) {
  const TemporaryDirectory directory;
  directory.write("out.txt", "old\n");
  FileSink sink(count_layout(), directory.path() / "out.txt", FileSink::Kind::file, real_disk());
  sink.begin({1});
  sink.write(rows_of(1, 1).aggregates());
  EXPECT_EQ(directory.read("out.txt"), "old\n");
  sink.finish({1});
  EXPECT_EQ(directory.read("out.txt"), "word1.0\t0\n");
  EXPECT_THAT(real_disk().list(directory.path()), ElementsAre("out.txt"));
}

/// What a sink does to a disk, in order: each operation is told of by the failure of it.
std::vector<std::string> steps_of(FileSink::Kind kind, const std::function<void(Sink&)>& work) {
  std::vector<std::string> steps;
  for (std::uint64_t at = 1;; ++at) {
    FakeDisk disk;
    FileSink sink(count_layout(), "d/out", kind, disk);
    disk.fail_after(at);
    try {
      work(sink);
    } catch (const IoError& error) {
      steps.emplace_back(error.what());
    }
    if (disk.operations() < at) return steps;
  }
}

TEST(FileSink, TheRightsOfAFileAreDurableBeforeItHasItsName) {
  const auto steps = steps_of(FileSink::Kind::file, [](Sink& sink) { write_epoch(sink, 1, rows_of(1, 1)); });
  ASSERT_THAT(steps, SizeIs(::testing::Ge(4U)));
  EXPECT_THAT(std::span(steps).last(4), ElementsAre(HasSubstr("set the permissions of d/.out.millrace-"),
                                                    HasSubstr("cannot sync d/.out.millrace-"),
                                                    HasSubstr("rename"), HasSubstr("sync the directory d")));
}

TEST(FileSink, EachNameThatItMayNeedIsTriedBefore) {
  const auto probed = [](FileSink::Kind kind) {
    return steps_of(kind, [](Sink& sink) { sink.probe(Deadline::max()); });
  };
  EXPECT_THAT(probed(FileSink::Kind::file),
              ElementsAre(HasSubstr("write d/out:"), HasSubstr("write d/out.partial:"),
                          HasSubstr("write d/.out.millrace-")));
  EXPECT_THAT(
      probed(FileSink::Kind::directory),
      ElementsAre(HasSubstr("write d/out/epoch-000000000001.txt:"),
                  HasSubstr("write d/out/epoch-000000000001.txt.partial:"),
                  HasSubstr("write d/out/.epoch-000000000001.txt.millrace-"), HasSubstr("look at d/out")));
}

TEST(FileSink, ADirectoryThatIsExchangedIsSeenBeforeAnEpochBeginsAndBeforeItIsShown) {
  for (const bool begun : {false, true}) {
    const TemporaryDirectory directory;
    const auto out = directory.path() / "out";
    FileSink sink(count_layout(), out, FileSink::Kind::directory, real_disk());
    write_epoch(sink, 1, rows_of(1, 1));
    if (begun) sink.begin({2});
    std::filesystem::rename(out, directory.path() / "moved");
    std::filesystem::create_directory(out);
    try {
      begun ? sink.finish({2}) : sink.begin({2});
      FAIL() << "no error";
    } catch (const IoError& error) {
      EXPECT_THAT(error.what(), HasSubstr("the directory was moved, removed or replaced"));
    }
    EXPECT_THAT(real_disk().list(out), SizeIs(0));
  }
}

TEST(PathSink, WhatAnotherProcessHasOpenIsWrittenToBehindWhatIsThere) {
  const TemporaryDirectory directory;
  io::Descriptor file(::open(directory.write("out", "before\n").c_str(), O_WRONLY | O_CLOEXEC));
  const pid_t other = ::fork();
  if (other == 0) {
    ::pause();
    ::_exit(0);
  }
  const std::string path = "/proc/" + std::to_string(other) + "/fd/" + std::to_string(file.get());
  file = {};  // a number of this process means something else
  EXPECT_NO_THROW(write_epoch(*io::open_path(path, count_layout(), real_disk(), {}), 1, rows_of(1, 1)));
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
  EXPECT_EQ(directory.read("out"), "before\nword1.0\t0\n");
}

TEST(PathSink, APlaceForOtherThingsIsRefusedWithOneForFiles) {
  for (const auto& [place, told] : {std::pair("./", "as in ./counts/"), std::pair("..", "as in ../counts/")}) {
    try {
      io::open_path(place, count_layout(), real_disk(), {});
      FAIL() << "no error";
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), HasSubstr(told));
    }
  }
}

TEST(PathSink, ASocketIsNoOutput) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "socket";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  const io::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  try {
    io::open_path(path, count_layout(), real_disk(), {});
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("which is a socket or a disk"));
  }
}

TEST(PathSink, WhatASinkHasToTellReachesWhoListens) {
  const TemporaryDirectory directory;
  std::vector<std::string> told;
  for (const char* name : {"/dir/", "/file"}) {
    const auto sink = io::open_path(directory.path().string() + name, count_layout(), real_disk(),
                                    [&](const Event& event) { told.push_back(event.text); });
    sink->begin({.id = {1}, .partial = true});
    sink->finish({1});
  }
  EXPECT_THAT(told, ElementsAre(HasSubstr("the partial rows are in"), HasSubstr("the partial rows are in")));
}

TEST(MemorySink, TheHookMakesItFail) {
  MemorySink sink([](MemorySink::Step step, EpochId) {
    if (step == MemorySink::Step::finish) throw TransientError("not now");
  });
  sink.begin({1});
  EXPECT_THROW(sink.finish({1}), TransientError);
  sink.abandon({1});
  EXPECT_EQ(sink.begins(), 1U);
  EXPECT_EQ(sink.abandons(), 1U);
  EXPECT_EQ(sink.finishes(), 0U);
  EXPECT_EQ(sink.open({}), std::nullopt);
}

}  // namespace
}  // namespace millrace::testing::sink_test
