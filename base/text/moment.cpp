// Spelling moments.
// SPDX-License-Identifier: Apache-2.0
#include "base/text/moment.h"

#include <algorithm>
#include <chrono>

namespace millrace {
namespace {

void append_padded(unsigned value, std::size_t width, std::string& out) {
  const std::string digits = std::to_string(value);
  out.append(width - std::min(width, digits.size()), '0');
  out += digits;
}

}  // namespace

std::string iso_8601(Timestamp moment) {
  using namespace std::chrono;
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss time(floor<milliseconds>(moment - day));
  std::string text;
  append_padded(static_cast<unsigned>(int{date.year()}), 4, text);
  text += '-';
  append_padded(unsigned{date.month()}, 2, text);
  text += '-';
  append_padded(unsigned{date.day()}, 2, text);
  text += 'T';
  append_padded(static_cast<unsigned>(time.hours().count()), 2, text);
  text += ':';
  append_padded(static_cast<unsigned>(time.minutes().count()), 2, text);
  text += ':';
  append_padded(static_cast<unsigned>(time.seconds().count()), 2, text);
  text += '.';
  append_padded(static_cast<unsigned>(time.subseconds().count()), 3, text);
  text += 'Z';
  return text;
}

}  // namespace millrace
