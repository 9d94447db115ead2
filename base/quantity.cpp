// Reading numbers with units.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/quantity.h>

#include <algorithm>
#include <limits>
#include <ranges>
#include <span>
#include <string>

#include <millrace/error.h>

namespace millrace {
namespace {

__extension__ using Wide = unsigned __int128;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

/// What one kind of quantity accepts, and how errors speak of it.
struct Kind {
  std::string_view what;   ///< "a number of bytes"
  std::string_view whole;  ///< what fractions must come to
  std::string_view example;
  std::string_view units_text;
  std::span<const Unit> units;
  std::uint64_t limit;
};

[[noreturn]] void fail(std::string_view text, const std::string& reason) {
  throw ConfigError({'"' + excerpt(text) + "\" " + reason}, 64);
}

std::size_t digits_at(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return end;
}

struct Number {
  Wide digits = 0;         ///< of the whole number and the fraction, written together
  Wide over = 1;           ///< the power of ten that the digits are divided by
  std::size_t length = 0;  ///< characters read; 0: there is no number
};

// 20 digits are more than any quantity needs, and keep the product with a unit inside 128 bits.
Number read_number(std::string_view text) {
  constexpr std::size_t kDigitsMax = 20;
  const std::size_t whole_end = digits_at(text, 0);
  std::size_t end = whole_end;
  if (end > 0 && end < text.size() && text[end] == '.') {
    end = digits_at(text, whole_end + 1);
    if (end == whole_end + 1) return {};
  }
  Number number;
  number.length = end;
  std::size_t significant = 0;
  for (std::size_t i = 0; i < end; ++i) {
    if (i == whole_end) continue;
    const bool in_fraction = i > whole_end;
    if (number.digits != 0 || text[i] != '0' || in_fraction) ++significant;
    if (significant > kDigitsMax) fail(text, in_fraction ? "has too many digits" : "is too large");
    number.digits = number.digits * 10 + static_cast<unsigned>(text[i] - '0');
    if (in_fraction) number.over *= 10;
  }
  return number;
}

std::uint64_t parse(std::string_view text, const Kind& kind) {
  if (text.starts_with('-')) fail(text, "is negative: give " + std::string(kind.example));
  const Number number = read_number(text);
  if (number.length == 0)
    fail(text, "is not " + std::string(kind.what) + ": write it as " + std::string(kind.example));
  std::string_view name = text.substr(number.length);
  if (name.starts_with(' ')) name.remove_prefix(1);
  const auto unit = std::ranges::find(kind.units, name, &Unit::name);
  if (unit == kind.units.end() && name.empty() && number.digits == 0) return 0;
  if (unit == kind.units.end())
    fail(text, (name.empty() ? std::string("has no unit") : "has the unknown unit \"" + excerpt(name) + '"') +
                   ": use " + std::string(kind.units_text));
  const Wide product = number.digits * unit->factor;
  if (product / number.over > kind.limit) fail(text, "is too large");
  if (product % number.over != 0) fail(text, "is not a whole number" + std::string(kind.whole));
  return static_cast<std::uint64_t>(product / number.over);
}

constexpr std::uint64_t kKibi = 1024;

constexpr Unit kCountUnits[] = {{"", 1}, {"k", 1000}, {"M", 1'000'000}, {"G", 1'000'000'000}};

constexpr Unit kSizeUnits[] = {
    {"", 1},
    {"B", 1},
    {"KiB", kKibi},
    {"MiB", kKibi* kKibi},
    {"GiB", kKibi* kKibi* kKibi},
    {"TiB", kKibi* kKibi* kKibi* kKibi},
    {"kB", 1000},
    {"MB", 1'000'000},
    {"GB", 1'000'000'000},
    {"TB", 1'000'000'000'000},
};

constexpr Unit kTimeUnits[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"min", 60'000'000'000},
    {"h", 3'600'000'000'000},
    {"d", 86'400'000'000'000},
};

}  // namespace

std::uint64_t parse_count(std::string_view text) {
  return parse(text, {"a number", "", "20, 10k or 1M", "k, M, G or none", kCountUnits,
                      std::numeric_limits<std::uint64_t>::max()});
}

std::size_t parse_size(std::string_view text) {
  return parse(
      text, {"a number of bytes", " of bytes", "4096, 64MiB or 1GB", "B, KiB, MiB, GiB, TiB, kB, MB, GB or TB",
             kSizeUnits, std::numeric_limits<std::size_t>::max()});
}

std::chrono::nanoseconds parse_duration(std::string_view text) {
  const std::uint64_t count =
      parse(text, {"a span of time", " of nanoseconds", "250ms, 1s or 2m", "ns, us, ms, s, m (or min), h or d",
                   kTimeUnits, std::numeric_limits<std::int64_t>::max()});
  return std::chrono::nanoseconds{static_cast<std::int64_t>(count)};
}

std::string duration_text(std::chrono::nanoseconds span) {
  const auto count = static_cast<std::uint64_t>(span.count());
  if (count == 0) return "0";
  const auto units = std::views::reverse(kTimeUnits);
  const auto unit = std::ranges::find_if(units, [count](const Unit& u) { return count % u.factor == 0; });
  return std::to_string(count / unit->factor) + std::string(unit->name);
}

std::string size_text(std::size_t bytes) {
  if (bytes < std::size_t{1} << 10) return std::to_string(bytes) + "B";
  if (bytes < std::size_t{1} << 20) return std::to_string(((bytes - 1) >> 10) + 1) + "KiB";
  return std::to_string(((bytes - 1) >> 20) + 1) + "MiB";  // rounded up
}

}  // namespace millrace
