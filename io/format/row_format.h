// Rows as text on its way out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/sink.h>
#include "base/text/printable.h"

namespace millrace::io {

/// Formats rows of one layout, and writes them some hundred KiB at a time: of a key of any length it holds a
/// piece. Every row is `[start, end,] key`, then a column per measure, and the epoch if the layout has it.
///
/// - text, and what is not chosen yet: columns between tabs, and the key's bytes as they are.
/// - tsv: columns between tabs. In keys, tab, newline, carriage return and backslash are written `\t \n \r \\`.
/// - csv: quoted as in RFC 4180, lines end with a plain newline.
/// - json: one object per line. A key that is not UTF-8 appears as `key_base64`; what a terminal would obey is
///   escaped.
/// - table: columns aligned within a call; keys are printable. Rows with windows stand below a line that names
///   their window.
///
/// Counts are plain. Other values have `scale` digits after the point; means have 6 more, rounded half to
/// even. Times are ISO 8601 in UTC with milliseconds.
class RowFormat {
 public:
  using Write = std::function<void(std::string_view)>;
  RowFormat(RowLayout layout, Write write);

  /// Forgets what is not written. The next rows are the first of their output: a table begins with its headings
  /// again.
  void restart();
  /// The names of the columns, before the first row of csv and tsv, if the layout asks for them.
  void add_header();
  /// Of the rows that follow.
  void set_epoch(EpochId epoch) { epoch_ = std::to_string(epoch.number); }
  /// Views need to live only during the call.
  void add(std::span<const Aggregate> rows);
  /// Writes all that was added.
  void flush();

 private:
  using Append = void (*)(std::string_view, std::string&);
  using Cut = std::string_view (*)(std::string_view text, std::size_t most);

  void add_table(std::span<const Aggregate> rows);
  void add_heading(const Aggregate& first);
  void add_block(std::span<const Aggregate> rows);
  void add_table_key(std::string_view key);
  void add_delimited(const Aggregate& row, char delimiter);
  void add_csv_key(std::string_view key);
  void add_json(const Aggregate& row);
  void add_json_key(std::string_view key);
  /// A piece at a time.
  void add_key(std::string_view key, Append append, Cut cut = front);
  void add_value(const Aggregate& row, std::size_t measure, std::string& out) const;
  void remember(const Window& window);
  void flush_if_full();

  RowLayout layout_;
  Write write_;
  std::vector<std::string> json_names_;  ///< of the measures, as `,"count":`
  std::string text_;                     ///< not written yet
  std::optional<Window> window_;         ///< the one that start_ and end_ spell
  std::string start_;
  std::string end_;
  std::string epoch_;
  bool headed_ = false;  ///< of a table: its headings are written
  std::size_t key_width_ = 0;
  std::vector<std::size_t> value_widths_;
  std::string cells_;  ///< reused between calls
};

}  // namespace millrace::io
