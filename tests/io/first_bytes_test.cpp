// Magic numbers are recognised, and no text is taken for one.
// SPDX-License-Identifier: Apache-2.0
#include "io/first_bytes.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace millrace::io::first_bytes_test {
namespace {

using namespace std::string_literals;
using ::testing::EndsWith;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}
FirstBytes look(const std::string& text) {
  return look_at(bytes_of(text));
}
bool may_turn_out(const std::string& text) {
  return io::may_turn_out(bytes_of(text));
}

const std::vector<std::pair<std::string, Content>> kMagic = {
    {"\x1F\x8B\x08"s, Content::gzip},    {"\x28\xB5\x2F\xFD"s, Content::zstd},
    {"\xFD\x37zXZ\0"s, Content::xz},     {"BZh91AY&SY"s, Content::bzip2},
    {"\x04\x22\x4D\x18"s, Content::lz4}, {"PK\x03\x04"s, Content::zip},
    {"\xFF\xFE\x61\0"s, Content::utf16}, {"\xFE\xFF\0a"s, Content::utf16},
    {"\xFF\xFE\0\0"s, Content::utf32},   {"\0\0\xFE\xFF"s, Content::utf32}};

TEST(FirstBytes, TellWhatIsNoText) {
  for (const auto& [magic, content] : kMagic) {
    EXPECT_EQ(look(magic).content, content) << magic;
    EXPECT_EQ(look(magic + "and so on").content, content) << magic;
  }
  EXPECT_EQ(look("BZh1\x17rE8P\x90"s).content, Content::bzip2) << "of nothing";
}

TEST(FirstBytes, EveryPrefixWaitsForMore) {
  for (const auto& [magic, content] : kMagic)
    for (std::size_t length = 0; length < magic.size(); ++length) {
      if (content == Content::utf16 && length >= 2) continue;  // it is there, but for UTF-32
      EXPECT_TRUE(may_turn_out(magic.substr(0, length))) << magic << ' ' << length;
      EXPECT_EQ(look(magic.substr(0, length)).content == Content::text,
                length < 2 || content != Content::utf32 || magic[0] == '\0');
    }
  for (const std::string text : {"a", "BZ ", "PK!", "(x", "\x1F\x8B\x09", "\xEF\xBB\xBF", "\xFF\xFE\x61"})
    EXPECT_FALSE(may_turn_out(text)) << text;
}

TEST(FirstBytes, TextIsText) {
  for (const std::string& text :
       {""s, "a"s, "BZh9 is how an archive begins"s, "PK and others"s, "\xEF\xBB!"s, "\0\0\0\0"s})
    EXPECT_TRUE(look(text).content == Content::text && look(text).mark == 0) << text;
  EXPECT_EQ(look("\xEF\xBB\xBFtext").mark, 3U);
  EXPECT_EQ(look("\xEF\xBB\xBF").mark, 3U);
}

TEST(FirstBytes, TheRefusalIsAPipeToType) {
  EXPECT_EQ(why_not_counted(Content::gzip, "a b.gz"),
            "a b.gz is compressed with gzip, which is not read here: zcat 'a b.gz' | millrace ...");
  EXPECT_EQ(why_not_counted(Content::utf16, "stdin"),
            "stdin is UTF-16, which is not read here: ... | iconv -f UTF-16 -t UTF-8 | millrace ...");
  EXPECT_EQ(why_not_counted(Content::xz, "a.xz", 9),
            "a.xz and 9 more are compressed with xz, which is not read here: xzcat FILES | millrace ...");
  EXPECT_EQ(why_not_counted(Content::gzip, "-x'y"),
            "-x'y is compressed with gzip, which is not read here: zcat FILE | millrace ...");
  EXPECT_EQ(why_not_counted(Content::zip, "-x"),
            "-x is a zip archive, which is not read here: unzip -p ./-x | millrace ...");
}

TEST(FirstBytes, EachKindIsUnpackedByItsProgram) {
  struct Program {
    Content content;
    std::string of_file;
    std::string of_stream;
  };
  const std::string iconv = "iconv -f UTF-";
  for (const auto& [content, of_file, of_stream] :
       {Program{Content::gzip, "zcat", "zcat"}, Program{Content::zstd, "zstdcat", "zstdcat"},
        Program{Content::xz, "xzcat", "xzcat"}, Program{Content::bzip2, "bzcat", "bzcat"},
        Program{Content::lz4, "lz4cat", "lz4cat"}, Program{Content::zip, "unzip -p", "funzip"},
        Program{Content::utf16, iconv + "16 -t UTF-8", iconv + "16 -t UTF-8"},
        Program{Content::utf32, iconv + "32 -t UTF-8", iconv + "32 -t UTF-8"}}) {
    EXPECT_THAT(why_not_counted(content, "a"), EndsWith(": " + of_file + " a | millrace ..."));
    for (const char* nameless : {"stdin", "/dev/fd/63", "/proc/self/fd/63"})
      EXPECT_THAT(why_not_counted(content, nameless), EndsWith(": ... | " + of_stream + " | millrace ..."));
  }
}

}  // namespace
}  // namespace millrace::io::first_bytes_test
