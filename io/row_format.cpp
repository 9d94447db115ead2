// Formatting rows as text, TSV, CSV and JSON.
// SPDX-License-Identifier: Apache-2.0
#include "io/row_format.h"

#include <algorithm>
#include <chrono>

#include "io/decimal.h"
#include "io/escape.h"

namespace millrace::io {
namespace {

void append_padded(unsigned value, std::size_t width, std::string& out) {
  const std::string digits = std::to_string(value);
  out.append(width - std::min(width, digits.size()), '0');
  out += digits;
}

// ISO 8601 in UTC with milliseconds; what is finer is cut off.
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

char delimiter_of(Format format) {
  return format == Format::csv ? ',' : '\t';
}

}  // namespace

std::string_view extension(Format format) {
  switch (format) {
    case Format::json: return "json";
    case Format::csv: return "csv";
    case Format::tsv: return "tsv";
    default: return "txt";
  }
}

RowFormat::RowFormat(RowLayout layout) : layout_(std::move(layout)) {
  restart();
}

void RowFormat::restart() {
  window_.reset();
  headed_ = false;
  key_width_ = display_width("key");
  value_widths_.clear();
  for (const std::string& name : layout_.names) value_widths_.push_back(display_width(name));
}

std::string RowFormat::header() const {
  if (!layout_.header || layout_.format == Format::json || layout_.format == Format::table) return {};
  std::string line;
  const char delimiter = delimiter_of(layout_.format);
  if (layout_.windowed) {
    line += "start";
    line += delimiter;
    line += "end";
    line += delimiter;
  }
  line += "key";
  for (const std::string& name : layout_.names) {
    line += delimiter;
    line += name;
  }
  line += '\n';
  return line;
}

void RowFormat::add(std::span<const Aggregate> rows, std::string& out) {
  switch (layout_.format) {
    case Format::table: return add_table(rows, out);
    case Format::json:
      for (const Aggregate& row : rows) add_json(row, out);
      return;
    default:
      for (const Aggregate& row : rows) add_delimited(row, delimiter_of(layout_.format), out);
  }
}

void RowFormat::add_delimited(const Aggregate& row, char delimiter, std::string& out) {
  if (row.window) {
    remember(*row.window);
    out += start_;
    out += delimiter;
    out += end_;
    out += delimiter;
  }
  if (layout_.format == Format::csv)
    append_csv(row.key, out);
  else
    append_text(row.key, out);
  for (std::size_t i = 0; i < layout_.measures.size(); ++i) {
    out += delimiter;
    add_value(row, i, out);
  }
  out += '\n';
}

void RowFormat::add_json(const Aggregate& row, std::string& out) {
  out += '{';
  if (row.window) {
    remember(*row.window);
    out += "\"start\":\"";
    out += start_;
    out += "\",\"end\":\"";
    out += end_;
    out += "\",";
  }
  if (is_utf8(row.key)) {
    out += "\"key\":";
    append_json_string(row.key, out);
  } else {
    out += "\"key_base64\":\"";
    append_base64(row.key, out);
    out += '"';
  }
  for (std::size_t i = 0; i < layout_.measures.size(); ++i) {
    out += ',';
    append_json_string(layout_.names[i], out);
    out += ':';
    add_value(row, i, out);
  }
  out += "}\n";
}

void RowFormat::add_value(const Aggregate& row, std::size_t measure, std::string& out) const {
  const Int128 value = row.values[measure];
  switch (layout_.measures[measure].reduction) {
    case Reduction::count: return append_decimal(value, 0, out);
    case Reduction::mean: return append_mean(value, row.count, layout_.scale, out);
    default: return append_decimal(value, layout_.scale, out);
  }
}

// Rows of one window come together, so its times are spelled once.
void RowFormat::remember(const Window& window) {
  if (window_ == window) return;
  window_ = window;
  start_ = iso_8601(window.start);
  end_ = iso_8601(window.end);
}

}  // namespace millrace::io
