// The last line of a terminal: progress is drawn there and erased before anything else is written.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string_view>

#include "host/program/cli/terminal/non_blocking_output.h"

namespace millrace::cli {

/// Any thread may call any function. Only finish() waits for whoever reads, and nothing allocates.
class StatusLine {
 public:
  explicit StatusLine(int descriptor) noexcept : descriptor_(descriptor), output_(descriptor) {}
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// Draws `text` in place of what is there, cut to the terminal's width. Does nothing while held, or while
  /// lines find no room.
  void show(std::string_view text);
  void clear();
  /// Erases what is drawn, then writes a line that stays.
  void write_line(std::string_view line);
  /// Erases what is drawn and draws nothing until released: rows are being written to the same terminal.
  void hold();
  void release();
  /// Waits until the lines are written, at most until `deadline`.
  void finish(Deadline deadline);

 private:
  std::string_view erasure();

  const int descriptor_;
  std::mutex mutex_;
  NonBlockingOutput output_;
  bool drawn_ = false;
  bool held_ = false;
};

}  // namespace millrace::cli
