// Takes a fuzzer's bytes apart, and stops at a broken promise.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

namespace millrace {

/// Choices first, the rest is text. Choices are zero once the bytes have run out.
class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size) : bytes_(data, data + size) {}

  unsigned choose(unsigned limit) {
    if (at_ == bytes_.size()) return 0;
    return static_cast<unsigned char>(bytes_[at_++]) % limit;
  }
  std::string rest() const { return bytes_.substr(at_); }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

/// Libraries never abort; a fuzz target must, to be noticed.
inline void require(bool condition, std::string_view promise) {
  if (condition) return;
  std::cerr << "broken: " << promise << std::endl;
  std::abort();
}

}  // namespace millrace
