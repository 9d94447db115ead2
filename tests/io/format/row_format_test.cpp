// Rows as text, byte for byte.
// SPDX-License-Identifier: Apache-2.0
#include "io/format/row_format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "base/text/decimal.h"
#include "base/text/escape.h"

namespace millrace::io::row_format_test {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

Window window(std::chrono::milliseconds start) {
  const Timestamp day = std::chrono::sys_days(std::chrono::year(2026) / 11 / 2);
  return {day + start, day + start + 1s};
}

RowLayout layout(Format format, std::vector<Measure> measures = {Measure{}},
                 std::vector<std::string> names = {"count"}) {
  return {.format = format, .header = false, .measures = std::move(measures), .names = std::move(names)};
}

RowFormat format_to(std::string& out, const RowLayout& columns) {
  return {columns, [&out](std::string_view text) { out += text; }};
}

std::string format_one(const RowLayout& columns, std::string_view key, std::int64_t count,
                       std::vector<Int128> values, std::optional<Window> of = std::nullopt) {
  std::string out;
  RowFormat format = format_to(out, columns);
  format.add(std::array{Aggregate{of, key, count, values}});
  format.flush();
  return out;
}

std::string header_of(const RowLayout& columns) {
  std::string out;
  RowFormat format = format_to(out, columns);
  format.add_header();
  format.flush();
  return out;
}

std::string decimal(Int128 value, std::uint32_t scale) {
  std::string out;
  append_decimal(value, scale, out);
  return out;
}

std::string mean(Int128 sum, std::int64_t count, std::uint32_t scale) {
  std::string out;
  append_mean(sum, count, scale, out);
  return out;
}

TEST(Decimal, ScaledValuesKeepAllDigits) {
  EXPECT_EQ(decimal(0, 0), "0");
  EXPECT_EQ(decimal(-7, 0), "-7");
  EXPECT_EQ(decimal(0, 2), "0.00");
  EXPECT_EQ(decimal(5, 2), "0.05");
  EXPECT_EQ(decimal(-5, 2), "-0.05");
  EXPECT_EQ(decimal(100, 2), "1.00");
  EXPECT_EQ(decimal(-12345, 3), "-12.345");
  EXPECT_EQ(decimal(kMost, 0), "9223372036854775807");
  EXPECT_EQ(decimal(kLeast, 0), "-9223372036854775808");
  EXPECT_EQ(decimal(kLeast, 18), "-9.223372036854775808");
  EXPECT_EQ(decimal(1, 18), "0.000000000000000001");
  EXPECT_EQ(decimal(Int128{kMost} + 1, 0), "9223372036854775808");
  EXPECT_EQ(decimal(Int128{kLeast} * 1000 - 1, 2), "-92233720368547758080.01");
  EXPECT_EQ(to_string(Int128{kMost} * kMost), "85070591730234615847396907784232501249");
}

TEST(Decimal, MeansAreExactAndRoundHalfToEven) {
  EXPECT_EQ(mean(10, 4, 0), "2.500000");
  EXPECT_EQ(mean(1, 3, 0), "0.333333");
  EXPECT_EQ(mean(2, 3, 0), "0.666667");
  EXPECT_EQ(mean(-2, 3, 0), "-0.666667");
  EXPECT_EQ(mean(1, 2'000'000, 0), "0.000000") << "0.0000005: the even neighbour is 0";
  EXPECT_EQ(mean(3, 2'000'000, 0), "0.000002") << "0.0000015: the even neighbour is 2";
  EXPECT_EQ(mean(5, 2'000'000, 0), "0.000002") << "0.0000025: the even neighbour is 2";
  EXPECT_EQ(mean(-3, 2'000'000, 0), "-0.000002");
  EXPECT_EQ(mean(-1, 2'000'000, 0), "0.000000") << "no negative zero";
  EXPECT_EQ(mean(1'000'001, 2'000'000, 0), "0.500000");
  EXPECT_EQ(mean(1000, 3, 2), "3.33333333");
  EXPECT_EQ(mean(kMost, 1, 0), "9223372036854775807.000000");
  EXPECT_EQ(mean(kLeast, 1, 0), "-9223372036854775808.000000");
  EXPECT_EQ(mean(kLeast, kMost, 0), "-1.000000");
  EXPECT_EQ(mean(Int128{kMost} * kMost, kMost, 0), "9223372036854775807.000000");
  EXPECT_EQ(mean(Int128{kLeast} * 3 + 1, 3, 2), "-92233720368547758.07666667");
  EXPECT_EQ(mean(kMost, 7, 18), "1.317624576693539401000000");
  EXPECT_EQ(mean(kMost / 2, kMost, 0), "0.500000") << "what is left over has many digits, too";
  EXPECT_EQ(mean(0, 5, 18), "0.000000000000000000000000");
}

TEST(Escape, TsvKeepsAllButTheBytesThatEndColumns) {
  std::string out;
  append_tsv(std::string_view("a\tb\nc\rd\\e\0f\xff \"g,", 17), out);
  EXPECT_EQ(out, std::string("a\\tb\\nc\\rd\\\\e\0f\xff \"g,", 21));
}

TEST(Escape, Utf8IsCheckedStrictly) {
  for (const char* good : {"", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad :
       {"\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xe2\x28\xa1", "ok\xff"})
    EXPECT_FALSE(is_utf8(bad));
}

TEST(Escape, Base64IsPadded) {
  const auto encode = [](std::string_view bytes) {
    std::string out;
    append_base64(bytes, out);
    return out;
  };
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foo"), "Zm9v");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encode("\xff\xfe\xfd"), "//79");
}

TEST(RowFormat, TextAndTsvSeparateColumnsByTabs) {
  for (const Format format : {Format::text, Format::tsv}) {
    EXPECT_EQ(format_one(layout(format), "the", 12, {12}), "the\t12\n");
    EXPECT_EQ(format_one(layout(format), "", 1, {1}), "\t1\n");
  }
}

TEST(RowFormat, TextIsRawAndTsvIsNot) {
  const std::string_view key = "C:\\new\ta\rb\xff";
  EXPECT_EQ(format_one(layout(Format::text), key, 1, {1}), "C:\\new\ta\rb\xff\t1\n");
  EXPECT_EQ(format_one(layout(Format::tsv), key, 1, {1}), "C:\\\\new\\ta\\rb\xff\t1\n");
}

TEST(RowFormat, SeveralMeasuresEachHaveTheirForm) {
  RowLayout columns = layout(Format::csv,
                             {{Reduction::count, 0},
                              {Reduction::sum, 0},
                              {Reduction::min, 0},
                              {Reduction::max, 0},
                              {Reduction::mean, 0}},
                             {"count", "sum", "min", "max", "mean"});
  columns.scale = 2;
  EXPECT_EQ(format_one(columns, "k", 4, {4, 1050, -5, 1000, 1050}), "k,4,10.50,-0.05,10.00,2.62500000\n");
}

TEST(RowFormat, CsvQuotesWhatItMust) {
  EXPECT_EQ(format_one(layout(Format::csv), "a,b", 1, {1}), "\"a,b\",1\n");
  EXPECT_EQ(format_one(layout(Format::csv), "say \"x\"", 1, {1}), "\"say \"\"x\"\"\",1\n");
  EXPECT_EQ(format_one(layout(Format::csv), "a\r\nb", 1, {1}), "\"a\r\nb\",1\n");
  EXPECT_EQ(format_one(layout(Format::csv), "a\nb", 1, {1}), "\"a\nb\",1\n");
  EXPECT_EQ(format_one(layout(Format::csv), "\r", 1, {1}), "\"\r\",1\n");
  EXPECT_EQ(format_one(layout(Format::csv), "a\tb\\", 1, {1}), "a\tb\\,1\n");
}

// Many readers take one alone for the end of a line, and a terminal writes over what it has shown.
TEST(RowFormat, ACarriageReturnEndsNoRow) {
  EXPECT_EQ(format_one(layout(Format::text), "a\rb", 1, {1}), "a\rb\t1\n") << "raw, as uniq -c has it";
  EXPECT_EQ(format_one(layout(Format::tsv), "a\rb", 1, {1}), "a\\rb\t1\n");
  EXPECT_EQ(format_one(layout(Format::csv), "a\rb", 1, {1}), "\"a\rb\",1\n");
  EXPECT_EQ(format_one(layout(Format::json), "a\rb", 1, {1}), "{\"key\":\"a\\rb\",\"count\":1}\n");
  EXPECT_EQ(format_one(layout(Format::table), "a\rb", 1, {1}), "key   count\na\\rb      1\n");
}

TEST(RowFormat, JsonIsOneObjectPerLine) {
  EXPECT_EQ(format_one(layout(Format::json), "a\"b\\c\n\x01\x7f/\xc3\xa9", 3, {3}),
            "{\"key\":\"a\\\"b\\\\c\\n\\u0001\\u007f/\xc3\xa9\",\"count\":3}\n");
  EXPECT_EQ(format_one(layout(Format::json), "\xff\xfe\xfd", 1, {1}),
            "{\"key_base64\":\"//79\",\"count\":1}\n");
  EXPECT_EQ(format_one(layout(Format::json), "\xc2\x9b\xe2\x80\xae\xc2\xa0\xf0\x9f\x8c\xbe", 1, {1}),
            "{\"key\":\"\\u009b\\u202e\xc2\xa0\xf0\x9f\x8c\xbe\",\"count\":1}\n")
      << "what a terminal would obey is escaped, also above ASCII";
  RowLayout windowed = layout(Format::json);
  windowed.windowed = true;
  EXPECT_EQ(format_one(windowed, "k", 1, {1}, window(3661001ms)),
            "{\"start\":\"2026-11-02T01:01:01.001Z\",\"end\":\"2026-11-02T01:01:02.001Z\",\"key\":\"k\","
            "\"count\":1}\n");
}

TEST(RowFormat, WindowsComeFirst) {
  RowLayout windowed = layout(Format::text);
  windowed.windowed = true;
  EXPECT_EQ(format_one(windowed, "k", 1, {1}, window(0ms)),
            "2026-11-02T00:00:00.000Z\t2026-11-02T00:00:01.000Z\tk\t1\n");
  const Timestamp before_the_epoch{-1ms};
  EXPECT_EQ(format_one(windowed, "k", 1, {1}, Window{before_the_epoch, before_the_epoch + 1ms}),
            "1969-12-31T23:59:59.999Z\t1970-01-01T00:00:00.000Z\tk\t1\n");
}

TEST(RowFormat, HeadersNameTheColumns) {
  RowLayout columns = layout(Format::csv, {{Reduction::sum, 0}, {Reduction::mean, 0}}, {"sum_2", "mean_2"});
  EXPECT_EQ(header_of(columns), "");
  columns.header = true;
  EXPECT_EQ(header_of(columns), "key,sum_2,mean_2\n");
  columns.windowed = true;
  EXPECT_EQ(header_of(columns), "start,end,key,sum_2,mean_2\n");
  columns.format = Format::tsv;
  EXPECT_EQ(header_of(columns), "start\tend\tkey\tsum_2\tmean_2\n");
  for (const Format format : {Format::json, Format::text, Format::table}) {
    columns.format = format;
    EXPECT_EQ(header_of(columns), "");
  }
  EXPECT_TRUE(RowLayout().header);
}

TEST(RowFormat, TablesAreAligned) {
  std::string out;
  RowFormat format = format_to(out, layout(Format::table));
  const std::array<Int128, 3> counts = {1000, 20, 3};
  const std::array rows = {Aggregate{{}, "the", 1000, std::span(counts).subspan(0, 1)},
                           Aggregate{{}, "caf\xc3\xa9s", 20, std::span(counts).subspan(1, 1)},
                           Aggregate{{}, "\xff\x1b", 3, std::span(counts).subspan(2, 1)}};
  format.add(rows);
  format.flush();
  EXPECT_EQ(out,
            "key       count\n"
            "the        1000\n"
            "caf\xc3\xa9s        20\n"
            "\\xff\\x1b      3\n");
  out.clear();
  format.add(std::span(rows).first(1));
  format.flush();
  EXPECT_EQ(out, "the        1000\n") << "the headings stand once";
}

TEST(RowFormat, AnEndlessKeyMovesNoNumbers) {
  const std::string wide(60, 'w');
  std::string narrow;
  for (int i = 0; i < 47; ++i) narrow += "\xf0\x90\x80\x80";  // one column in four bytes
  std::string out;
  RowFormat format = format_to(out, layout(Format::table));
  const std::array<Int128, 1> one = {1};
  format.add(
      std::array{Aggregate{{}, wide, 1, one}, Aggregate{{}, narrow, 1, one}, Aggregate{{}, "a", 1, one}});
  format.flush();
  EXPECT_EQ(out, "key" + std::string(45, ' ') + "  count\n" +  //
                     wide + "      1\n" +                      //
                     narrow + " " + "      1\n" +              //
                     "a" + std::string(47, ' ') + "      1\n");
}

TEST(RowFormat, NamesOfColumnsMayBeWiderThanTheirBytes) {
  const RowLayout columns = layout(Format::table, {Measure{}}, {"z\xc3\xa4hl\"n"});
  EXPECT_EQ(format_one(columns, "a", 1, {1}), "key  z\xc3\xa4hl\"n\na         1\n");
  RowLayout objects = columns;
  objects.format = Format::json;
  EXPECT_EQ(format_one(objects, "a", 1, {1}), "{\"key\":\"a\",\"z\xc3\xa4hl\\\"n\":1}\n");
}

TEST(RowFormat, RowsAreWrittenAsTheyCome) {
  const std::array<Int128, 1> one = {1};
  const std::vector<Aggregate> rows(100'000, Aggregate{{}, "a key of some length", 1, one});
  for (const Format format : {Format::text, Format::csv, Format::json, Format::table}) {
    std::size_t largest = 0;
    std::size_t all = 0;
    RowFormat formatted(layout(format), [&](std::string_view text) {
      largest = std::max(largest, text.size());
      all += text.size();
    });
    formatted.add(rows);
    formatted.flush();
    EXPECT_GT(all, rows.size() * 20);
    EXPECT_LT(largest, 300'000U);
  }
}

TEST(RowFormat, TablesDrawNothingButRows) {
  EXPECT_EQ(format_one(layout(Format::table),
                       "x\xc2\x9b"
                       "31m\xe2\x80\xae\x9b",
                       1, {1}),
            "key                   count\n"
            "x\\u009b31m\\u202e\\x9b      1\n");
  EXPECT_EQ(format_one(layout(Format::table), "C:\\new", 1, {1}), "key     count\nC:\\new      1\n");
}

TEST(RowFormat, TablesNameEachWindowOnce) {
  RowLayout columns = layout(Format::table);
  columns.windowed = true;
  std::string out;
  RowFormat format = format_to(out, columns);
  const std::array<Int128, 1> one = {1};
  format.add(std::array{Aggregate{window(0ms), "a", 1, one}, Aggregate{window(0ms), "b", 1, one}});
  format.add(std::array{Aggregate{window(0ms), "c", 1, one}, Aggregate{window(1000ms), "a", 1, one}});
  format.flush();
  EXPECT_EQ(out,
            "2026-11-02T00:00:00.000Z to 2026-11-02T00:00:01.000Z\n"
            "key  count\n"
            "a        1\n"
            "b        1\n"
            "c        1\n"
            "\n"
            "2026-11-02T00:00:01.000Z to 2026-11-02T00:00:02.000Z\n"
            "key  count\n"
            "a        1\n");
}

TEST(RowFormat, ATableThatStartsAnewKnowsNoWindowBefore) {
  RowLayout columns = layout(Format::table);
  columns.windowed = true;
  std::string out;
  RowFormat format = format_to(out, columns);
  const std::array<Int128, 1> one = {1};
  const auto show = [&](Window of) {
    out.clear();
    format.restart();
    format.add(std::array{Aggregate{of, "a", 1, one}});
    format.flush();
    return out;
  };
  const std::string first = show(window(0ms));
  EXPECT_EQ(show(window(0ms)), first);               // the same epoch again
  EXPECT_FALSE(show(window(1s)).starts_with('\n'));  // the next epoch's file
}

TEST(RowFormat, ATableBegunAnewHasWidthsOfItsOwn) {
  std::string out;
  RowFormat format = format_to(out, layout(Format::table));
  const std::array<Int128, 1> one = {1};
  format.add(std::array{Aggregate{std::nullopt, "a-wide-key", 1, one}});
  format.flush();
  out.clear();
  format.restart();
  format.add(std::array{Aggregate{std::nullopt, "a", 1, one}});
  format.flush();
  std::string expected;
  RowFormat fresh = format_to(expected, layout(Format::table));
  fresh.add(std::array{Aggregate{std::nullopt, "a", 1, one}});
  fresh.flush();
  EXPECT_EQ(out, expected);
}

}  // namespace
}  // namespace millrace::io::row_format_test
