// A key of any length goes through a sink in pieces: no write and no memory is as large as the key.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>

#include <millrace/disk.h>

#include "base/text/escape.h"
#include "io/descriptor.h"
#include "io/file/file_sink.h"
#include "io/stdio/stdout_sink.h"
#include "tests/io/rows.h"
#include "tests/io/temporary_directory.h"

namespace {
std::size_t largest_write = 0;
std::size_t written = 0;
std::size_t largest_memory = 0;
}  // namespace

// Stand before the C and the C++ library's; inlined, they would look mismatched to g++ 12.
extern "C" ssize_t write(int, const void*, std::size_t size) {
  largest_write = std::max(largest_write, size);
  written += size;
  return static_cast<ssize_t>(size);
}
[[gnu::noinline]] void* operator new(std::size_t size) {
  largest_memory = std::max(largest_memory, size);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace millrace::testing::endless_key_test {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// Of each format a byte that becomes as many bytes as any does.
struct Case {
  Format format;
  char byte;
  std::size_t becomes;
};
constexpr std::array<Case, 5> kCases = {{{Format::text, '\x01', 1},
                                         {Format::tsv, '\n', 2},
                                         {Format::csv, '"', 2},
                                         {Format::json, '\x01', 6},
                                         {Format::table, '\x01', 4}}};

void expect_pieces(Sink& sink, std::string_view key, std::size_t text_bytes) {
  const std::array<Int128, 1> one = {1};
  largest_write = written = largest_memory = 0;
  sink.begin({{1}});
  sink.write(std::array{Aggregate{std::nullopt, key, 1, one}});
  sink.finish({1});
  EXPECT_GE(written, text_bytes) << "all of it";
  EXPECT_LE(written, text_bytes + 100) << "and no more";
  EXPECT_LT(largest_write, kMiB);
  EXPECT_LT(largest_memory, kMiB);
}

TEST(EndlessKey, IsNeverHeldWhole) {
  const TemporaryDirectory directory;
  const io::Descriptor null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  for (const auto& [format, byte, becomes] : kCases) {
    SCOPED_TRACE(static_cast<int>(format));
    RowLayout layout = count_layout();
    layout.format = format;
    const std::string key(8 * kMiB, byte);
    io::StdoutSink stream(layout, io::Outlet(null.get()));
    expect_pieces(stream, key, becomes * key.size());
    io::FileSink file(layout, directory.path() / "out", io::FileSink::Kind::file, real_disk());
    expect_pieces(file, key, becomes * key.size());
  }
}

TEST(EndlessKey, IsNeverHeldWholeAsBase64) {
  RowLayout layout = count_layout();
  layout.format = Format::json;
  const io::Descriptor null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  io::StdoutSink stream(layout, io::Outlet(null.get()));
  const std::string key(48 * kMiB, '\xff');
  expect_pieces(stream, key, 64 * kMiB);
}

// The same as one piece would be.
TEST(EndlessKey, IsCutWhereItMayBe) {
  const std::array<Int128, 1> one = {1};
  for (const std::string_view period :
       {"\xc3\xa9", "a\xe6\xbc\xa2", "\xf0\x9f\x8c\xbe", "\"\n\\", "\xc2\x9b", "\xff\xe2\x82"})
    for (std::size_t before = 0; before < 4; ++before)
      for (const auto& [format, byte, becomes] : kCases) {
        std::string key(before, 'x');
        while (key.size() < 100'000) key += period;
        std::string expected;
        switch (format) {
          case Format::tsv: io::append_tsv(key, expected); break;
          case Format::table: append_printable(key, expected); break;
          case Format::csv: io::append_doubling_quotes(key, expected); break;
          case Format::json:
            io::is_utf8(key) ? io::append_json(key, expected) : io::append_base64(key, expected);
            break;
          default: expected = key;
        }
        RowLayout layout = count_layout();
        layout.format = format;
        std::string text;
        io::RowFormat rows(layout, [&](std::string_view piece) { text += piece; });
        rows.add(std::array{Aggregate{std::nullopt, key, 1, one}});
        rows.flush();
        EXPECT_NE(text.find(expected), std::string::npos) << static_cast<int>(format) << ' ' << before;
      }
}

}  // namespace
}  // namespace millrace::testing::endless_key_test
