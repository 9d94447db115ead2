// What comes first through a pipe is looked at, in whatever pieces it comes.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <millrace/error.h>

#include "io/stdio/pipe_source.h"
#include "tests/io/drain.h"

#include "io/descriptor.h"

namespace millrace::testing::stream_beginning_test {
namespace {

using namespace std::string_view_literals;
using ::testing::ElementsAre;

/// A stream that is written to by the test.
struct Pipe {
  explicit Pipe(const SourceOptions& options = {}) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    writer = io::Descriptor(ends[1]);
    source = std::make_unique<io::PipeSource>(io::Descriptor(ends[0]), "stdin", options);
  }
  void write(std::string_view text) const {
    EXPECT_EQ(::write(writer.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  /// What reads without waiting find.
  std::string read(std::size_t room = 100) const {
    const auto read_now = [&](std::span<std::byte> into, const Records& records) {
      return source->read(into, records, in(0s));
    };
    Drained drained;
    while (read_some(read_now, room, drained).status == ReadResult::Status::data) continue;
    return drained.bytes;
  }

  io::Descriptor writer;
  std::unique_ptr<io::PipeSource> source;
};

TEST(StreamBeginning, AMarkIsNoInputHoweverItIsCut) {
  for (const std::size_t room : {1U, 2U, 3U, 100U})
    for (std::size_t piece = 1; piece < 10; ++piece) {
      Pipe pipe;
      const std::string_view text = "\xEF\xBB\xBFthe\nthe\xEF\xBB\xBF\n";
      std::string all;
      for (std::size_t at = 0; at < text.size(); at += piece) {
        pipe.write(text.substr(at, piece));
        all += pipe.read(room);
      }
      pipe.writer = io::Descriptor();
      all += drain(*pipe.source, room).bytes;
      EXPECT_EQ(all, "the\nthe\xEF\xBB\xBF\n") << room << ' ' << piece;
    }
}

TEST(StreamBeginning, WhatIsNoTextIsRefusedBeforeAnythingIsHandedOver) {
  for (const std::string_view text : {"\x1F\x8B\x08\n\n\n"sv, "\xFF\xFE\n\0\n\0"sv, "\xFD\x37zXZ\0\n"sv})
    for (const bool at_once : {true, false}) {
      Pipe pipe;
      std::string all;
      EXPECT_THROW(
          {
            for (std::size_t at = 0; at < text.size() && !at_once; ++at) {
              pipe.write(text.substr(at, 1));
              all += pipe.read();
            }
            pipe.write(text);
            all += pipe.read();
          },
          ConfigError);
      EXPECT_EQ(all, "");
    }
}

TEST(StreamBeginning, WhatOnlyBeginsLikeItIsText) {
  for (const std::string text : {"\x1F", "\x1F\x8B", "BZh", "\xEF", "P", "(", "\xFF"}) {
    Pipe ended;
    ended.write(text);
    EXPECT_EQ(ended.read(), "");
    ended.writer = io::Descriptor();
    EXPECT_EQ(drain(*ended.source, 100).bytes, text + '\n');

    Pipe stopped({.framing = {Framing::Kind::whitespace}});
    stopped.write(text);
    EXPECT_EQ(stopped.read(), "");
    EXPECT_EQ(stop(*stopped.source, 100).bytes, text + '\n') << "the last word counts, though it was held back";

    Pipe going_on;
    going_on.write(text);
    EXPECT_EQ(going_on.read(), "");
    going_on.write("!\n");
    EXPECT_EQ(going_on.read(), text + "!\n");
  }
}

TEST(StreamBeginning, IsShownOnceAndBehindItsMark) {
  std::vector<std::string> seen;
  Pipe pipe({.on_beginning = [&](const std::string& name, std::span<const std::byte> bytes) {
    seen.push_back(name + ": " + std::string(text_of(bytes)));
  }});
  pipe.write("\xEF\xBB\xBFone\n");
  EXPECT_EQ(pipe.read(), "one\n");
  pipe.write("two\n");
  EXPECT_EQ(pipe.read(), "two\n");
  EXPECT_THAT(seen, ElementsAre("stdin: one\n"));
}

TEST(StreamBeginning, WhatIsStillHeldWhenReadingStopsIsHandedOverOnce) {
  int shown = 0;
  Pipe pipe({.framing = {Framing::Kind::whitespace},
             .on_beginning = [&](const std::string&, std::span<const std::byte>) { ++shown; }});
  pipe.write("\xEF\xBB\xBFx y z w");
  Drained drained;
  read_some(*pipe.source, 2, drained);
  EXPECT_EQ(drained.bytes, "x ");
  EXPECT_THAT(stop(*pipe.source, 2).texts, ElementsAre("y", "z", "w"));
  EXPECT_EQ(shown, 1);
}

TEST(StreamBeginning, TheMarkIsNotInThePosition) {
  Pipe pipe;
  pipe.write("\xEF\xBB\xBFone\n");
  EXPECT_EQ(pipe.read(), "one\n");
  EXPECT_EQ(news_of(*pipe.source), (Marks{{0, 4}}));
}

TEST(StreamBeginning, AnEndThatWasReadIsNotAskedForAgain) {
  const std::string path = ::testing::TempDir() + "/beginning" + std::to_string(::getpid());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const io::Descriptor reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  io::Descriptor writer(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  io::StreamBeginning beginning("stdin", {});
  std::array<std::byte, 16> room;
  ASSERT_EQ(::write(writer.get(), "B", 1), 1);  // may become bzip2: held back
  EXPECT_EQ(beginning.read(reader.get(), room), -1);
  writer = io::Descriptor();  // the end
  EXPECT_EQ(beginning.read(reader.get(), room), 1);
  writer = io::Descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(::write(writer.get(), "x", 1), 1);  // what a terminal would go on with
  EXPECT_EQ(beginning.read(reader.get(), room), 0);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace millrace::testing::stream_beginning_test
