// The first bytes of a stream, which are looked at before they are read.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <millrace/source.h>

namespace millrace::io {

/// Reads a descriptor. What comes first is held back until it is known not to be compressed or UTF-16, which
/// throws ConfigError (exit code 65), and without the byte order mark of UTF-8. Then it costs a comparison.
class StreamBeginning {
 public:
  StreamBeginning(std::string name, OnBeginning on_beginning)
      : name_(std::move(name)), on_beginning_(std::move(on_beginning)) {}

  /// As read(2). Fails with EAGAIN while what came is too little to tell.
  ssize_t read(int descriptor, std::span<std::byte> into);
  /// Whether the next read needs nothing of the descriptor.
  bool is_ready() const noexcept { return decided_ && !over_; }
  /// No more input is read: what is held back is what it looks like.
  void end_input();

 private:
  ssize_t fill(int descriptor);
  void decide();
  ssize_t give(std::span<std::byte> into);

  std::string name_;
  OnBeginning on_beginning_;
  std::vector<std::byte> held_;
  std::size_t given_ = 0;  ///< of held_, the mark included
  bool ended_ = false;     ///< the input has ended behind held_
  bool decided_ = false;
  bool over_ = false;  ///< nothing is held any more
};

}  // namespace millrace::io
