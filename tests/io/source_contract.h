// What every source of byte streams must do, whatever it reads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <millrace/source.h>

#include "tests/io/drain.h"

namespace millrace::testing {

/// One kind of source. `open` makes it read `content`, to its end.
struct SourceCase {
  std::string name;
  std::function<OpenedSources(const std::string& content, const SourceOptions& options)> open;
  /// Makes a source that has `content` to read and then falls silent, but does not end; empty if there is no
  /// such thing.
  std::function<OpenedSources(const std::string& content, const SourceOptions& options)> open_silent = {};
  std::vector<std::string> contents = {};  ///< all that it can read; empty: anything
};

class SourceContract : public ::testing::TestWithParam<SourceCase> {
 protected:
  static std::vector<std::string> contents() {
    if (!GetParam().contents.empty()) return GetParam().contents;
    std::string mixed;
    for (int i = 0; i < 400; ++i)
      mixed += std::string(static_cast<std::size_t>(i % 13), 'a') + " b" + (i % 3 ? "\n" : "\t");
    return {"",
            "one",
            "one\n",
            "one two\nthree\n",
            "no final\nnewline",
            "windows\r\nline ends\r\n",
            "\n\n\n",
            "  \t\v\f \n ",
            std::string("nul \0 in\0side\0", 14),
            "not \xff UTF-8 \xc3( \x80\n\xfe",
            mixed,
            mixed + "end"};
  }
  static std::vector<Framing> framings(std::size_t max_record_bytes = std::size_t{16} << 20) {
    return {{Framing::Kind::newline, max_record_bytes}, {Framing::Kind::whitespace, max_record_bytes}};
  }
  static void expect_exact(const std::string& content, const SourceOptions& options, std::size_t room) {
    SCOPED_TRACE("room " + std::to_string(room) + ", framing " +
                 std::to_string(static_cast<int>(options.framing.kind)) + ", content " + content.substr(0, 40));
    const PlainRecords plain = plain_records(content, options.framing);
    const OpenedSources opened = GetParam().open(content, options);
    const Drained drained = drain(opened.sources, room);
    EXPECT_TRUE(drained.bytes == plain.bytes());
    EXPECT_TRUE(drained.texts == plain.texts);
    EXPECT_EQ(drained.oversized, plain.oversized);
  }

  static void expect_origins(Source& source, const std::string& content, std::size_t room) {
    std::vector<std::uint32_t> ends;
    std::vector<OriginRun> origins = {{9, 9, 9}};
    for (;;) {
      std::vector<std::byte> into(room);
      ReadResult result = source.read(into, {&ends, &origins}, in(10s));
      if (result.status == ReadResult::Status::too_big) {
        into.resize(result.bytes);
        result = source.read(into, {&ends, &origins}, in(10s));
      }
      if (result.status == ReadResult::Status::end) return;
      std::size_t begin = 0;
      for (const std::uint32_t end : ends) {
        const auto run = std::ranges::upper_bound(origins, begin, {}, &OriginRun::first);
        ASSERT_NE(run, origins.begin());
        const auto offset = static_cast<std::size_t>(run[-1].first_offset) + begin - run[-1].first;
        ASSERT_LT(run[-1].partition, source.partitions().size());
        ASSERT_EQ(content.substr(offset, end - begin), text_of(into).substr(begin, end - begin));
        begin = end + 1;
      }
    }
  }
};

TEST_P(SourceContract, ReturnsWholeRecordsAndEveryByte) {
  for (const std::string& content : contents())
    for (const Framing& framing : framings())
      for (const std::size_t room : {1U, 2U, 3U, 5U, 8U, 64U, 4096U, 100000U}) {
        expect_exact(content, {framing, 1}, room);
        if (HasFailure()) return;
      }
}

TEST_P(SourceContract, ReturnsARecordThatIsLongerThanTheRoom) {
  if (!GetParam().contents.empty()) GTEST_SKIP() << "cannot read a long record";
  const std::string record(300'000, 'x');
  for (const Framing& framing : framings())
    for (const std::size_t room : {std::size_t{10}, std::size_t{70'000}, record.size()})
      for (const std::string& content : {record, "a\n" + record + "\nb\n", record + '\n' + record})
        expect_exact(content, {framing, 1}, room);
}

TEST_P(SourceContract, SkipsOversizedRecordsWholeAndCountsThem) {
  std::vector<std::string> inputs = contents();
  if (GetParam().contents.empty()) {
    const std::string big(100'000, 'b');
    for (const std::string& input :
         {std::string("123456789\n1234567890\n12345678901\nx\n"), big, big + "\nx", "x\n" + big,
          "x\n" + big + "\ny\n" + big + "\nz\n", big + '\n' + big + "\n12345678901\n1"})
      inputs.push_back(input);
  }
  for (const std::string& content : inputs)
    for (const Framing& framing : framings(10))
      for (const std::size_t room : {1U, 11U, 12U, 4096U, 300000U}) {
        expect_exact(content, {framing, 1}, room);
        if (HasFailure()) return;
      }
}

TEST_P(SourceContract, TellsWhereEachRecordCameFrom) {
  if (!GetParam().contents.empty()) GTEST_SKIP() << "its bytes come from nowhere";
  for (const std::string& content : contents())
    for (const std::size_t max_record_bytes : {3U, 1U << 20})
      for (const Framing& framing : framings(max_record_bytes))
        for (const std::size_t room : {4U, 64U, 4096U}) {
          const OpenedSources opened = GetParam().open(content, {framing, 1});
          for (const auto& source : opened.sources) expect_origins(*source, content, room);
          if (HasFailure()) return;
        }
}

TEST_P(SourceContract, StaysAtItsEnd) {
  const OpenedSources opened = GetParam().open(contents().back(), {});
  for (const auto& source : opened.sources) {
    drain(*source, 4096);
    for (const Mark& mark : news_of(*source)) EXPECT_TRUE(mark.done);
    std::vector<std::byte> into(16);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(source->read(into, {}, in(10s)).status, ReadResult::Status::end);
    EXPECT_TRUE(news_of(*source).empty());
  }
}

TEST_P(SourceContract, GoesBackToAnyPositionExactly) {
  for (const Framing& framing : framings(300)) {
    const OpenedSources opened = GetParam().open(contents().back(), {framing, 1});
    for (const auto& source : opened.sources) {
      if (!source->replayable()) GTEST_SKIP() << "reads once";
      std::vector<std::pair<Marks, std::size_t>> positions;  // and the records before
      Drained whole;
      Marks marks;
      do {
        update(marks, *source);
        positions.emplace_back(marks, whole.texts.size());
      } while (read_some(*source, 16, whole).status != ReadResult::Status::end);
      EXPECT_EQ(marks.size(), source->partitions().size());

      std::mt19937 random(7);
      for (int i = 0; i < 100; ++i) {
        const auto& [position, records] = positions[random() % positions.size()];
        source->seek(position);
        EXPECT_TRUE(news_of(*source).empty()) << "whoever sends it back knows where it stands";
        Drained again;
        const std::size_t room = 1 + random() % 200;
        for (int reads = static_cast<int>(random() % 50); reads > 0; --reads) read_some(*source, room, again);
        const auto from = whole.texts.begin() + static_cast<std::ptrdiff_t>(records);
        ASSERT_LE(again.texts.size(), whole.texts.size() - records);
        EXPECT_TRUE(std::equal(again.texts.begin(), again.texts.end(), from));
      }
      source->seek(positions.front().first);
      EXPECT_TRUE(drain(*source, 50).texts == whole.texts);
    }
  }
}

TEST_P(SourceContract, HonoursTheDeadline) {
  if (!GetParam().open_silent) GTEST_SKIP() << "never waits";
  const OpenedSources opened = GetParam().open_silent("", {});
  std::vector<std::byte> into(100);
  for (const auto time : {-1000ms, 0ms, 30ms}) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(opened.sources[0]->read(into, {}, start + time).status, ReadResult::Status::idle);
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, time);
    EXPECT_LT(took, 5s);
  }
  EXPECT_EQ(opened.sources[0]->read(into, {}, Instant::min()).status, ReadResult::Status::idle);
}

TEST_P(SourceContract, WakeEndsAWaitingRead) {
  if (!GetParam().open_silent) GTEST_SKIP() << "never waits";
  const OpenedSources opened = GetParam().open_silent("", {});
  Source& source = *opened.sources[0];
  std::vector<std::byte> into(100);
  for (int i = 0; i < 3; ++i) {
    std::jthread waker([&] {
      std::this_thread::sleep_for(20ms);
      source.wake();
    });
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(source.read(into, {}, start + 60s).status, ReadResult::Status::idle);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
  }
}

TEST_P(SourceContract, WakeBeforeAReadEndsIt) {
  if (!GetParam().open_silent) GTEST_SKIP() << "never waits";
  const OpenedSources opened = GetParam().open_silent("", {});
  Source& source = *opened.sources[0];
  std::vector<std::byte> into(100);
  source.read(into, {}, in(0s));
  source.wake();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(source.read(into, {}, start + 60s).status, ReadResult::Status::idle);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
}

TEST_P(SourceContract, DrainedHandsOverAnUnfinishedWordButNoHalfLine) {
  if (!GetParam().open_silent || !GetParam().contents.empty()) GTEST_SKIP() << "never stops inside a record";
  const std::string content = "one two\nthree f\tfour";
  for (const Framing& framing : framings())
    for (const std::size_t room : {1U, 4U, 100U}) {
      const bool words = framing.kind == Framing::Kind::whitespace;
      SCOPED_TRACE((words ? "words, room " : "lines, room ") + std::to_string(room));
      const OpenedSources opened = GetParam().open_silent(content, {framing, 1});
      Source& source = *opened.sources[0];
      Drained whole;
      while (whole.bytes.size() < (words ? 16U : 8U)) read_some(source, room, whole);
      EXPECT_EQ(whole.bytes, words ? "one two\nthree f\t" : "one two\n");
      EXPECT_EQ(stop(source, room).texts,
                words ? std::vector<std::string>{"four"} : std::vector<std::string>{});
      EXPECT_EQ(stop(source, room).bytes, "") << "nothing follows";
    }
}

TEST_P(SourceContract, DrainedCountsAnUnfinishedWordThatIsTooLong) {
  if (!GetParam().open_silent || !GetParam().contents.empty()) GTEST_SKIP() << "never stops inside a record";
  const Framing words{Framing::Kind::whitespace, 10};
  for (const std::size_t room : {1U, 100U}) {
    const OpenedSources opened = GetParam().open_silent("one " + std::string(11, 'x'), {words, 1});
    Drained drained;
    read_some(*opened.sources[0], room, drained);
    const Drained rest = stop(*opened.sources[0], room);
    EXPECT_EQ(drained.bytes + rest.bytes, "one ");
    EXPECT_EQ(drained.oversized + rest.oversized, 1U);
  }
}

inline std::string case_name(const ::testing::TestParamInfo<SourceCase>& info) {
  return info.param.name;
}

}  // namespace millrace::testing
