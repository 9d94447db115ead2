// Writing to a terminal or pipe that nobody may be reading.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string_view>

#include <millrace/types.h>

namespace millrace::cli {

/// Output through a descriptor that other processes share, so that it cannot be made non-blocking itself. Only
/// wait() waits, and nothing allocates. What finds no room is kept, up to 64 KiB, and goes out with a later
/// call. Failures to write are ignored: nobody is left to tell. Not for several threads at once.
class NonBlockingOutput {
 public:
  explicit NonBlockingOutput(int descriptor) noexcept;
  ~NonBlockingOutput();
  NonBlockingOutput(const NonBlockingOutput&) = delete;
  NonBlockingOutput& operator=(const NonBlockingOutput&) = delete;

  /// Writes the pieces behind what is kept: all of them or, where they do not fit, none.
  void add(std::initializer_list<std::string_view> pieces) noexcept;
  /// Writes what there is room for. True: nothing is kept any more.
  bool flush() noexcept;
  /// Waits until there may be room. Any thread.
  void wait(Deadline deadline) const noexcept;

 private:
  std::ptrdiff_t write_some() const noexcept;

  int descriptor_;
  int own_;  ///< the same pipe or terminal, opened anew without blocking; -1 for what refuses that
  bool is_socket_;
  std::size_t kept_ = 0;
  std::array<char, std::size_t{1} << 16> bytes_;
};

}  // namespace millrace::cli
