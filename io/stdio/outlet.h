// Where bytes are written as they come.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <millrace/event.h>

#include "io/descriptor.h"

namespace millrace::io {

/// An open descriptor; or a FIFO or device, which is opened when it is first needed. Errors name it.
class Outlet {
 public:
  /// `descriptor` stays the caller's.
  explicit Outlet(int descriptor) : descriptor_(descriptor) {}
  /// Opens it a second time. Throws IoError.
  Outlet(int descriptor, std::string name);
  Outlet(std::string path, OnEvent on_event) : name_(std::move(path)), on_event_(std::move(on_event)) {}

  /// Throws IoError if it is seen that it cannot be written to. Whoever reads a FIFO notices nothing.
  void probe();
  /// A FIFO waits for its reader, as it does in a shell, and says so.
  void open();
  /// Throws OutputClosed if nobody reads any more; the program must ignore SIGPIPE for that.
  void write(std::string_view text);
  /// Writes a newline if it is a file that ends within a line, as a writer leaves it that was ended. REQUIRES:
  /// open.
  void end_line();
  /// What was written to a file is durable when it returns; others keep nothing.
  void sync();

 private:
  std::string name_ = "the output";
  OnEvent on_event_;
  Descriptor own_;
  int descriptor_ = -1;
};

}  // namespace millrace::io
