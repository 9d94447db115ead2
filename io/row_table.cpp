// Formatting rows as a table for people.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <millrace/printable.h>

#include "io/escape.h"
#include "io/row_format.h"

namespace millrace::io {
namespace {

constexpr std::string_view kGap = "  ";
// One endless key must not push all numbers off the screen.
constexpr std::size_t kKeyWidthMax = 48;

void append_left(std::string_view text, std::size_t width, std::string& out) {
  out += text;
  out.append(width - std::min(width, display_width(text)), ' ');
}

void append_right(std::string_view text, std::size_t width, std::string& out) {
  out.append(width - std::min(width, display_width(text)), ' ');
  out += text;
}

}  // namespace

// A block is the rows of one window within one call.
void RowFormat::add_table(std::span<const Aggregate> rows, std::string& out) {
  while (!rows.empty()) {
    const auto next =
        std::ranges::find_if(rows, [&](const Aggregate& row) { return row.window != rows[0].window; });
    const auto count = static_cast<std::size_t>(next - rows.begin());
    if (rows[0].window != window_) headed_ = false;
    add_block(rows.first(count), out);
    rows = rows.subspan(count);
  }
}

// Cells are formatted twice, for their widths and for the page: that keeps the memory small.
void RowFormat::add_block(std::span<const Aggregate> rows, std::string& out) {
  for (const Aggregate& row : rows) {
    cells_.clear();
    append_printable(row.key, cells_);
    key_width_ = std::max(key_width_, std::min(kKeyWidthMax, display_width(cells_)));
    for (std::size_t i = 0; i < value_widths_.size(); ++i) {
      cells_.clear();
      add_value(row, i, cells_);
      value_widths_[i] = std::max(value_widths_[i], cells_.size());
    }
  }
  if (!headed_) add_heading(rows[0], out);
  for (const Aggregate& row : rows) {
    cells_.clear();
    append_printable(row.key, cells_);
    append_left(cells_, key_width_, out);
    for (std::size_t i = 0; i < value_widths_.size(); ++i) {
      cells_.clear();
      add_value(row, i, cells_);
      out += kGap;
      append_right(cells_, value_widths_[i], out);
    }
    out += '\n';
  }
}

void RowFormat::add_heading(const Aggregate& first, std::string& out) {
  if (first.window) {
    const bool another = window_.has_value();
    remember(*first.window);
    if (another) out += '\n';
    out += start_;
    out += " to ";
    out += end_;
    out += '\n';
  }
  append_left("key", key_width_, out);
  for (std::size_t i = 0; i < value_widths_.size(); ++i) {
    out += kGap;
    append_right(layout_.names[i], value_widths_[i], out);
  }
  out += '\n';
  headed_ = true;
}

}  // namespace millrace::io
