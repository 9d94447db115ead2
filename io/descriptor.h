// An open file, pipe or terminal, and waiting for it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <millrace/types.h>

namespace millrace::io {

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();
  int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// Opens for reading; `flags` are added. Throws IoError with the path.
Descriptor open_for_reading(const std::string& path, int flags = 0);

/// A second descriptor of the same open file. Throws IoError.
Descriptor duplicate(int number, const std::string& name);

/// Fills `into` from `offset` on; fewer bytes are returned only at the end of the file. Throws IoError.
std::size_t read_at(const Descriptor& file, std::uint64_t offset, std::span<std::byte> into,
                    const std::string& name);

/// Lets one thread wait for input until another wakes it. A signal that interrupts a wait ends it as a wake
/// does: whoever waits looks around and waits again.
class Waker {
 public:
  Waker();
  /// Ends a wait at once, or the next one. Any thread may call it.
  void wake() noexcept;
  /// Whether `number` has something to read (or has ended) before the deadline and before a wake.
  bool wait_readable(int number, Deadline deadline);
  /// Waits for the deadline; false: it was woken before.
  bool wait(Deadline deadline);

 private:
  Descriptor event_;
};

}  // namespace millrace::io
