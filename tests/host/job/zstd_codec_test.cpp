// The chunks of a checkpoint with zstd: what it takes, and that it believes nothing that it reads.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/zstd_codec.h"

#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "host/log/encoding.h"

namespace millrace::zstd_codec_test {
namespace {

constexpr std::size_t kMost = 1 << 20;

std::string some_text(std::size_t bytes) {
  std::mt19937_64 random(bytes);
  std::string text;
  while (text.size() < bytes) text += "word" + std::to_string(random() % 1000);
  text.resize(bytes);
  return text;
}

class ZstdCodec : public ::testing::Test {
 protected:
  std::string compressed(std::string_view data) {
    std::string out = "before";
    EXPECT_TRUE(codec_->compress(data, data.size(), out));
    EXPECT_EQ(out.substr(0, 6), "before");
    return out.substr(6);
  }
  std::string decompressed(std::string_view stored, std::size_t most = kMost) {
    std::string out = "something else";
    codec_->decompress(stored, most, out);
    return out;
  }
  std::unique_ptr<Codec> codec_ = make_zstd_codec();
};

TEST_F(ZstdCodec, DataComesBack) {
  for (const std::size_t bytes : {1024U, 5000U, 100'000U, 1U << 20, 2000U}) {
    const std::string data = some_text(bytes);
    const std::string stored = compressed(data);
    EXPECT_LT(stored.size(), bytes * 3 / 4);
    EXPECT_EQ(decompressed(stored), data);
    EXPECT_EQ(decompressed(stored, bytes), data);
  }
}

TEST_F(ZstdCodec, MoreThanWantedIsNotMade) {
  const std::string data = some_text(5000);
  const std::size_t needed = compressed(data).size();
  std::string out = "before";
  EXPECT_FALSE(codec_->compress(data, needed - 1, out));
  EXPECT_FALSE(codec_->compress(data, 0, out));
  EXPECT_EQ(out, "before");
  EXPECT_EQ(decompressed(compressed(data)), data) << "it goes on";
  EXPECT_THROW(decompressed(compressed(data), 4999), CorruptError);
}

/// A frame that says that it holds so much, in 4 bytes, of one block: a byte that is repeated so often.
std::string frame_of(std::uint64_t says, std::uint64_t holds) {
  std::string frame("\x28\xb5\x2f\xfd\xa0", 5);
  put_fixed(frame, says, 4);
  put_fixed(frame, holds << 3 | 1U << 1 | 1, 3);
  return frame + 'x';
}

TEST_F(ZstdCodec, AWrongSizeIsCorruptAndTakesNoMemory) {
  EXPECT_EQ(decompressed(frame_of(100'000, 100'000)), std::string(100'000, 'x'));
  EXPECT_THROW(decompressed(frame_of(100'000, 99'999)), CorruptError);
  EXPECT_THROW(decompressed(frame_of(99'999, 100'000)), CorruptError);
  EXPECT_THROW(decompressed(frame_of(0, 0)), CorruptError);
  std::string out;
  EXPECT_THROW(codec_->decompress(frame_of(0x1000'0000, 100'000), kMost, out), CorruptError);
  EXPECT_THROW(codec_->decompress(frame_of(kMost + 1, 100'000), kMost, out), CorruptError);
  EXPECT_LT(out.capacity(), 100U);
  std::string unknown("\x28\xb5\x2f\xfd\x00\x58", 6);  // a window, and no size
  put_fixed(unknown, 100'000U << 3 | 1U << 1 | 1, 3);
  EXPECT_THROW(decompressed(unknown + 'x'), CorruptError);
  EXPECT_THROW(decompressed(""), CorruptError);
  EXPECT_THROW(decompressed(some_text(100)), CorruptError);
}

// Such chunks have a wrong checksum, and nobody reads them so; with a right one they must do no harm.
TEST_F(ZstdCodec, ChangedAnywhereItIsCorruptOrOtherData) {
  const std::string stored = compressed(some_text(3000));
  std::size_t corrupt = 0;
  for (std::size_t bit = 0; bit < 8 * stored.size(); ++bit) {
    std::string changed = stored;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    try {
      EXPECT_LE(decompressed(changed, 5000).size(), 5000U);
    } catch (const CorruptError&) {
      ++corrupt;
    }
  }
  EXPECT_GT(corrupt, stored.size());
  for (std::size_t length = 0; length < stored.size(); ++length)
    EXPECT_THROW(decompressed(stored.substr(0, length)), CorruptError) << length;
}

}  // namespace
}  // namespace millrace::zstd_codec_test
