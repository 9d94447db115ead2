// Compressed chunks: which ones are, that they come back, and what is said where they cannot be read.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/codec.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/testing/fake_disk.h>

#include "host/log/encoding.h"
#include "host/log/frame.h"

namespace millrace::codec_test {
namespace {

using ::testing::HasSubstr;

/// What the first byte repeats becomes 9 bytes; the rest stays.
class Repeats final : public Codec {
 public:
  bool compress(std::string_view data, std::size_t most, std::string& out) override {
    const std::size_t same = std::min(data.find_first_not_of(data[0]), data.size());
    if (9 + data.size() - same > most) return false;
    put_fixed(out, same, 8);
    out += data[0];
    out += data.substr(same);
    return true;
  }
  void decompress(std::string_view stored, std::size_t most, std::string& out) override {
    limit = most;
    Decoder bytes(stored);
    const std::size_t same = bytes.fixed(8);
    const std::string_view rest = stored.substr(9);
    if (same + rest.size() > most) throw CorruptError("too much");
    out.assign(same, stored[8]);
    out += rest;
  }
  std::size_t limit = 0;  ///< of the last chunk that was read
};

class CodecOf : public ::testing::Test {
 protected:
  /// One frame with a section of these chunks; its rows' checksum.
  std::uint64_t write(const std::vector<std::string>& chunks, Codec* codec, Section section = Section::run) {
    const auto file = disk_.create("f", {});
    FrameWriter frame(*file, 1, {}, codec);
    frame.begin(section);
    for (const std::string& chunk : chunks) frame.add_chunk(chunk);
    frame.end();
    data_size_ = frame.data_size();
    return frame.finish();
  }
  /// What reading the frame does.
  template <class Read>
  auto reading(Codec* codec, const Read& read) {
    const auto file = disk_.open("f");
    FrameReader frames(*file, 0, 1, codec);
    frames.next();
    return read(frames);
  }
  std::vector<std::string> chunks(Codec* codec) {
    return reading(codec, [this](FrameReader& frames) {
      std::vector<std::string> found;
      while (frames.next_section() != Section::end)
        while (const auto chunk = frames.next_chunk()) found.emplace_back(*chunk);
      rows_ = frames.rows_checksum();
      return found;
    });
  }
  std::string refusal(const std::function<void()>& read) {
    try {
      read();
    } catch (const TooNewError& error) {
      return error.what();
    }
    return "not refused";
  }
  std::size_t bytes() { return disk_.contents("f")->size(); }

  testing::FakeDisk disk_;
  Repeats repeats_;
  std::uint64_t data_size_ = 0;
  std::uint64_t rows_ = 0;
};

TEST_F(CodecOf, ChunksComeBackAndRowsHaveTheirChecksum) {
  const std::vector<std::string> all{std::string(1024, 'a'), "short", std::string(kChunkBytesMax, 'b'),
                                     std::string(200'000, 'c') + std::string(100'000, 'd'),
                                     std::string(2000, 'e')};
  const std::uint64_t rows = write(all, nullptr);
  const std::size_t stored = bytes();
  EXPECT_EQ(data_size_, 1024 + 5 + kChunkBytesMax + 300'000 + 2000);
  EXPECT_EQ(chunks(&repeats_), all) << "what is stored is read with a codec, too";
  EXPECT_EQ(write(all, &repeats_), rows);
  EXPECT_EQ(data_size_, 1024 + 5 + kChunkBytesMax + 300'000 + 2000);
  EXPECT_LT(bytes(), stored / 10);
  EXPECT_EQ(chunks(&repeats_), all);
  EXPECT_EQ(rows_, rows);
  EXPECT_EQ(repeats_.limit, kChunkBytesMax);
  reading(&repeats_, [&](FrameReader& frames) {
    skip_frame(frames);
    EXPECT_EQ(frames.rows_checksum(), rows);
  });
}

// Repeats takes 9 bytes for what repeats.
TEST_F(CodecOf, OnlyWhatIsWorthItIsCompressed) {
  const std::size_t around = 4 + 1 + 8;  // a chunk's data
  write({}, &repeats_);
  const std::size_t none = bytes();
  const auto stored = [&](const std::string& chunk) {
    write({chunk}, &repeats_);
    return bytes() - none - around;
  };
  EXPECT_EQ(stored(std::string(1023, 'a')), 1023U) << "small";
  EXPECT_EQ(stored(std::string(1024, 'a')), 9U);
  EXPECT_EQ(stored(std::string(128 + 9, 'a') + std::string(1024 - 128 - 9, 'b')), 1024U - 128)
      << "an eighth less";
  EXPECT_EQ(stored(std::string(128 + 8, 'a') + std::string(1024 - 128 - 8, 'b')), 1024U) << "not quite";
  EXPECT_EQ(stored(std::string(kChunkBytesMax + 1, 'a')), kChunkBytesMax + 1) << "a reader needs a limit";
}

TEST_F(CodecOf, WithoutOneWhatIsCompressedIsRefused) {
  const std::string missing = "compressed with zstd, which is not built in here";
  write({std::string(5000, 'a')}, &repeats_);
  EXPECT_THAT(refusal([&] { chunks(nullptr); }), HasSubstr(missing));
  EXPECT_THAT(refusal([&] { reading(nullptr, skip_frame); }), HasSubstr(missing))
      << "its rows' checksum is not known";
  write({std::string(5000, 'a')}, &repeats_, Section::optional);
  EXPECT_THAT(refusal([&] { chunks(nullptr); }), HasSubstr(missing));
  EXPECT_EQ(refusal([&] { reading(nullptr, skip_frame); }), "not refused");
}

}  // namespace
}  // namespace millrace::codec_test
