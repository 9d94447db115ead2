// The last line of a terminal: progress is drawn there and erased before anything else is written.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace millrace::cli {

/// Any thread may call any function. Failures to write are ignored: nobody is left to tell.
class StatusLine {
 public:
  explicit StatusLine(int descriptor) noexcept : descriptor_(descriptor) {}
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// Draws `text` in place of what is there, cut to the terminal's width. Does nothing while held.
  void show(std::string_view text);
  void clear();
  /// Erases what is drawn, then writes a line that stays.
  void write_line(std::string_view line);
  /// Erases what is drawn and draws nothing until released: rows are being written to the same terminal.
  void hold();
  void release();

 private:
  void erase();
  void write(std::string_view text) const;

  int descriptor_;
  std::mutex mutex_;
  bool drawn_ = false;
  bool held_ = false;
};

}  // namespace millrace::cli
