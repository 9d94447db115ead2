// Formatting rows as text, TSV, CSV and JSON.
// SPDX-License-Identifier: Apache-2.0
#include "io/format/row_format.h"

#include <algorithm>

#include "base/text/decimal.h"
#include "base/text/escape.h"
#include "base/text/moment.h"

namespace millrace::io {
namespace {

constexpr std::size_t kFlushBytes = std::size_t{256} << 10;
constexpr std::size_t kPieceBytes = std::size_t{12} << 10;  // of a key; each byte becomes six at most

char delimiter_of(Format format) {
  return format == Format::csv ? ',' : '\t';
}

// Base64 takes three bytes at a time.
std::string_view whole_groups(std::string_view bytes, std::size_t most) {
  return bytes.substr(0, most - most % 3);
}

}  // namespace

RowFormat::RowFormat(RowLayout layout, Write write) : layout_(std::move(layout)), write_(std::move(write)) {
  for (const std::string& name : layout_.names) {
    append_json(name, json_names_.emplace_back(",\""));
    json_names_.back() += "\":";
  }
  restart();
}

void RowFormat::restart() {
  text_.clear();
  window_.reset();
  headed_ = false;
  key_width_ = display_width("key");
  value_widths_.clear();
  for (const std::string& name : layout_.names) value_widths_.push_back(display_width(name));
}

void RowFormat::flush() {
  write_(text_);
  text_.clear();
}

void RowFormat::flush_if_full() {
  if (text_.size() >= kFlushBytes) flush();
}

void RowFormat::add_header() {
  if (!layout_.header || (layout_.format != Format::csv && layout_.format != Format::tsv)) return;
  const char delimiter = delimiter_of(layout_.format);
  if (layout_.windowed) {
    text_ += "start";
    text_ += delimiter;
    text_ += "end";
    text_ += delimiter;
  }
  text_ += "key";
  for (const std::string& name : layout_.names) {
    text_ += delimiter;
    text_ += name;
  }
  if (layout_.epoch) {
    text_ += delimiter;
    text_ += "epoch";
  }
  text_ += '\n';
}

void RowFormat::add(std::span<const Aggregate> rows) {
  if (layout_.format == Format::table) return add_table(rows);
  for (const Aggregate& row : rows) {
    if (layout_.format == Format::json)
      add_json(row);
    else
      add_delimited(row, delimiter_of(layout_.format));
    flush_if_full();
  }
}

void RowFormat::add_key(std::string_view key, Append append, Cut cut) {
  while (key.size() > kPieceBytes) {
    const std::string_view piece = cut(key, kPieceBytes);
    append(piece, text_);
    key.remove_prefix(piece.size());
    flush_if_full();
  }
  append(key, text_);
}

void RowFormat::add_delimited(const Aggregate& row, char delimiter) {
  if (row.window) {
    remember(*row.window);
    text_ += start_;
    text_ += delimiter;
    text_ += end_;
    text_ += delimiter;
  }
  if (layout_.format == Format::csv)
    add_csv_key(row.key);
  else
    add_key(row.key, layout_.format == Format::tsv ? append_tsv : append_raw);
  for (std::size_t i = 0; i < layout_.measures.size(); ++i) {
    text_ += delimiter;
    add_value(row, i, text_);
  }
  if (layout_.epoch) {
    text_ += delimiter;
    text_ += epoch_;
  }
  text_ += '\n';
}

void RowFormat::add_csv_key(std::string_view key) {
  if (!needs_quotes(key)) return add_key(key, append_raw);
  text_ += '"';
  add_key(key, append_doubling_quotes);
  text_ += '"';
}

void RowFormat::add_json(const Aggregate& row) {
  text_ += '{';
  if (row.window) {
    remember(*row.window);
    text_ += "\"start\":\"";
    text_ += start_;
    text_ += "\",\"end\":\"";
    text_ += end_;
    text_ += "\",";
  }
  add_json_key(row.key);
  for (std::size_t i = 0; i < layout_.measures.size(); ++i) {
    text_ += json_names_[i];
    add_value(row, i, text_);
  }
  if (layout_.epoch) {
    text_ += ",\"epoch\":";
    text_ += epoch_;
  }
  text_ += "}\n";
}

void RowFormat::add_json_key(std::string_view key) {
  if (is_utf8(key)) {
    text_ += "\"key\":\"";
    add_key(key, append_json);
  } else {
    text_ += "\"key_base64\":\"";
    add_key(key, append_base64, whole_groups);
  }
  text_ += '"';
}

void RowFormat::add_value(const Aggregate& row, std::size_t measure, std::string& out) const {
  const Int128 value = row.values[measure];
  switch (layout_.measures[measure].reduction) {
    case Reduction::count: return append_decimal(value, 0, out);
    case Reduction::mean: return append_mean(value, row.count, layout_.scale, out);
    case Reduction::sum:
    case Reduction::min:
    case Reduction::max: break;
  }
  append_decimal(value, layout_.scale, out);
}

// Rows of one window come together, so its times are spelled once.
void RowFormat::remember(const Window& window) {
  if (window_ == window) return;
  window_ = window;
  start_ = iso_8601(window.start);
  end_ = iso_8601(window.end);
}

}  // namespace millrace::io
