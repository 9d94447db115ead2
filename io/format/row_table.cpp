// Formatting rows as a table for people.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text/printable.h"

#include "base/text/escape.h"
#include "io/format/row_format.h"

namespace millrace::io {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::string_view kEpochName = "epoch";
// One endless key must not push all numbers off the screen.
constexpr std::size_t kKeyWidthMax = 48;
// So much of a key is at least as wide as that, however many bytes its characters have.
constexpr std::size_t kBytesThatCount = 4 * kKeyWidthMax + 3;

void pad(std::size_t width, std::size_t wanted, std::string& out) {
  out.append(wanted - std::min(width, wanted), ' ');
}

void append_right(std::string_view text, std::size_t width, std::string& out) {
  pad(display_width(text), width, out);
  out += text;
}

}  // namespace

// A block is the rows of one window within one call.
void RowFormat::add_table(std::span<const Aggregate> rows) {
  while (!rows.empty()) {
    const auto next =
        std::ranges::find_if(rows, [&](const Aggregate& row) { return row.window != rows[0].window; });
    const auto count = static_cast<std::size_t>(next - rows.begin());
    if (rows[0].window != window_) headed_ = false;
    add_block(rows.first(count));
    rows = rows.subspan(count);
  }
}

// Cells are formatted twice, for their widths and for the page: that keeps the memory small.
void RowFormat::add_block(std::span<const Aggregate> rows) {
  for (const Aggregate& row : rows) {
    cells_.clear();
    append_printable(front(row.key, kBytesThatCount), cells_);
    key_width_ = std::max(key_width_, std::min(kKeyWidthMax, display_width(cells_)));
    for (std::size_t i = 0; i < value_widths_.size(); ++i) {
      cells_.clear();
      add_value(row, i, cells_);
      value_widths_[i] = std::max(value_widths_[i], cells_.size());
    }
  }
  if (!headed_) add_heading(rows[0]);
  for (const Aggregate& row : rows) {
    add_table_key(row.key);
    for (std::size_t i = 0; i < value_widths_.size(); ++i) {
      cells_.clear();
      add_value(row, i, cells_);
      text_ += kGap;
      append_right(cells_, value_widths_[i], text_);
    }
    if (layout_.epoch) {
      text_ += kGap;
      append_right(epoch_, kEpochName.size(), text_);
    }
    text_ += '\n';
    flush_if_full();
  }
}

void RowFormat::add_table_key(std::string_view key) {
  if (key.size() > kBytesThatCount) return add_key(key, append_printable);  // it fills its column
  cells_.clear();
  append_printable(key, cells_);
  text_ += cells_;
  pad(display_width(cells_), key_width_, text_);
}

void RowFormat::add_heading(const Aggregate& first) {
  if (first.window) {
    const bool another = window_.has_value();
    remember(*first.window);
    if (another) text_ += '\n';
    text_ += start_;
    text_ += " to ";
    text_ += end_;
    text_ += '\n';
  }
  text_ += "key";
  pad(display_width("key"), key_width_, text_);
  for (std::size_t i = 0; i < value_widths_.size(); ++i) {
    text_ += kGap;
    append_right(layout_.names[i], value_widths_[i], text_);
  }
  if (layout_.epoch) {
    text_ += kGap;
    text_ += kEpochName;
  }
  text_ += '\n';
  headed_ = true;
}

}  // namespace millrace::io
