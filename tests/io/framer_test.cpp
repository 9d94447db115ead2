// Framing: any bytes in any pieces into any room give the records of a plain split.
// SPDX-License-Identifier: Apache-2.0
#include "io/framer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <random>

#include "io/record_ends.h"
#include "tests/io/drain.h"

namespace millrace::testing::framer_test {
namespace {

/// Bytes with many record ends among them.
rc::Gen<std::string> text() {
  return rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::element('\n', ' ', '\r', '\t', '\0', 'a', '\xff'), rc::gen::arbitrary<char>()));
}

/// Feeds pieces whose sizes come from `random`, and takes records into rooms of random sizes.
Drained frame(std::string_view input, const Framing& framing, std::size_t most, std::mt19937& random) {
  io::Framer framer(framing, unlimited_budget());
  Drained drained;
  const auto take = [&](std::span<std::byte> into, const std::vector<std::uint32_t>& ends,
                        const ReadResult& result) {
    drained.oversized += result.oversized;
    if (result.status != ReadResult::Status::data) return;
    drained.bytes += text_of(into.first(result.bytes));
    std::size_t at = 0;
    for (const std::uint32_t end : ends) {
      drained.texts.emplace_back(text_of(into).substr(at, end - at));
      at = end + 1;
    }
  };
  std::size_t wanted = 0;
  bool ended = false;
  for (;;) {
    std::vector<std::byte> into(std::max<std::size_t>(std::exchange(wanted, 0), 1 + random() % most));
    std::vector<std::uint32_t> ends;
    const Records records{.ends = &ends};
    auto found = framer.next(into, records);
    if (!found && ended) break;
    if (!found) {
      const std::span<std::byte> room = framer.room(into);
      const std::size_t piece = std::min({room.size(), input.size(), 1 + random() % most});
      if (random() % 8 == 0) continue;  // a source may find nothing to put there
      std::memcpy(room.data(), input.data(), piece);
      input.remove_prefix(piece);
      if (piece > 0) {
        found = framer.added(piece, into, records);
      } else {
        framer.end_input();
        ended = true;
      }
    }
    if (found) take(into, ends, *found);
    if (found && found->status == ReadResult::Status::too_big) wanted = found->bytes;
  }
  drained.oversized += framer.nothing(ReadResult::Status::end).oversized;
  return drained;
}

void expect_plain(std::string_view input, const Framing& framing, std::size_t most, std::mt19937& random) {
  const PlainRecords plain = plain_records(input, framing);
  const Drained drained = frame(input, framing, most, random);
  RC_ASSERT(drained.bytes == plain.bytes());
  RC_ASSERT(drained.texts == plain.texts);
  RC_ASSERT(drained.oversized == plain.oversized);
}

RC_GTEST_PROP(Framer, AnyPiecesAndAnyRoomsGiveThePlainRecords, ()) {
  const std::string input = *text();
  const Framing framing{*rc::gen::element(Framing::Kind::newline, Framing::Kind::whitespace),
                        *rc::gen::element<std::size_t>(0, 1, 3, 10, 1000)};
  std::mt19937 random(*rc::gen::arbitrary<unsigned>());
  expect_plain(input, framing, *rc::gen::inRange<std::size_t>(1, 60), random);
}

TEST(Framer, ManyRandomStreams) {
  std::mt19937 random(11);
  for (int round = 0; round < 10'000; ++round) {
    std::string input;
    const std::size_t length = random() % 100;
    const std::size_t gap = 1 + random() % 30;
    while (input.size() < length) input += random() % gap == 0 ? '\n' : static_cast<char>(random());
    const Framing framing{round % 2 == 0 ? Framing::Kind::newline : Framing::Kind::whitespace, random() % 40};
    const PlainRecords plain = plain_records(input, framing);
    const Drained drained = frame(input, framing, 1 + random() % 50, random);
    ASSERT_EQ(drained.bytes, plain.bytes());
    ASSERT_EQ(drained.texts, plain.texts);
    ASSERT_EQ(drained.oversized, plain.oversized);
  }
}

// Were each piece to search or copy all that came before, this would take hours.
TEST(Framer, ALongRecordInSmallPiecesIsSearchedOnce) {
  io::Framer framer({}, unlimited_budget());
  std::vector<std::byte> into(std::size_t{16} << 20);
  const std::size_t pieces = into.size() / 64;
  for (std::size_t i = 0; i < pieces; ++i) {
    const std::span<std::byte> room = framer.room(into);
    const std::size_t piece = std::min<std::size_t>(64, room.size());
    std::memset(room.data(), i + 1 == pieces ? '\n' : 'x', piece);
    const auto found = framer.added(piece, into, {});
    ASSERT_EQ(found.has_value(), i + 1 == pieces);
  }
}

TEST(Framer, CountsWhatItConsumed) {
  io::Framer framer({Framing::Kind::newline, 5}, unlimited_budget());
  std::vector<std::byte> into(100);
  const auto add = [&](std::string_view bytes) {
    std::memcpy(framer.room(into).data(), bytes.data(), bytes.size());
    return framer.added(bytes.size(), into, {});
  };
  add("one\ntw");
  EXPECT_EQ(framer.consumed(), 4U);
  add("o long record");
  EXPECT_EQ(framer.consumed(), 4U) << "an oversized record is passed when its end is seen";
  EXPECT_FALSE(add(" that ends\nx"));
  EXPECT_EQ(framer.nothing(ReadResult::Status::idle).oversized, 1U);
  EXPECT_EQ(framer.consumed(), 30U);
  framer.end_input();
  EXPECT_EQ(framer.next(into, {})->bytes, 2U);
  EXPECT_EQ(framer.consumed(), 31U) << "the newline was not in the input";
}

TEST(Framer, AnEndOfInputInsideAnOversizedRecordPassesIt) {
  for (const std::size_t room : {2U, 100U}) {
    io::Framer framer({Framing::Kind::newline, 5}, unlimited_budget());
    std::vector<std::byte> into(room);
    for (const char byte : std::string_view("too long")) {
      framer.room(into)[0] = static_cast<std::byte>(byte);
      EXPECT_FALSE(framer.added(1, into, {}));
    }
    EXPECT_EQ(framer.consumed(), 0U);
    framer.end_input();
    EXPECT_FALSE(framer.next(into, {}));
    EXPECT_EQ(framer.consumed(), 8U);
    EXPECT_EQ(framer.nothing(ReadResult::Status::end).oversized, 1U);
  }
}

TEST(Framer, DropsWhatIsUnfinishedAndGoesOnBehindIt) {
  for (const std::size_t room : {2U, 100U}) {
    io::Framer framer({Framing::Kind::newline, 5}, unlimited_budget());
    std::vector<std::byte> into(room);
    std::string lines;
    const auto take = [&](const std::optional<ReadResult>& found) {
      if (found && found->status == ReadResult::Status::too_big) into.resize(found->bytes);
      if (found) lines += text_of(std::span(into).first(framer.next(into, {}).value_or(*found).bytes));
    };
    const auto add = [&](std::string_view bytes) {
      for (const char byte : bytes) {
        framer.room(into)[0] = static_cast<std::byte>(byte);
        take(framer.added(1, into, {}));
      }
    };
    add("one\ntw");
    EXPECT_EQ(framer.drop_unfinished(), 2U);
    EXPECT_EQ(framer.consumed(), 6U);
    EXPECT_EQ(framer.drop_unfinished(), 0U);
    add("three\ntoo long");
    EXPECT_EQ(framer.drop_unfinished(), 8U) << "also what was skipped";
    add("four\n");
    EXPECT_EQ(framer.nothing(ReadResult::Status::idle).oversized, 0U) << "its end is not known";
    EXPECT_EQ(framer.consumed(), 25U);
    EXPECT_EQ(lines, "one\nthree\nfour\n");
  }
}

TEST(RecordEnds, BothSidesFindTheSameEnds) {
  const std::string text = "a b\tc\nd\ve\ff\rg\0h";
  const auto bytes = std::as_bytes(std::span(text));
  EXPECT_EQ(io::after_last_end(bytes, Framing::Kind::newline), 6U);
  EXPECT_EQ(io::after_first_end(bytes, 0, Framing::Kind::newline), 6U);
  EXPECT_EQ(io::after_first_end(bytes, 6, Framing::Kind::newline), 0U);
  EXPECT_EQ(io::after_last_end(bytes, Framing::Kind::whitespace), 12U);
  std::size_t at = 0;
  for (const std::size_t end : {2U, 4U, 6U, 8U, 10U, 12U}) {
    at = io::after_first_end(bytes, at, Framing::Kind::whitespace);
    EXPECT_EQ(at, end);
  }
  EXPECT_EQ(io::after_first_end(bytes, at, Framing::Kind::whitespace), 0U);
}

}  // namespace
}  // namespace millrace::testing::framer_test
