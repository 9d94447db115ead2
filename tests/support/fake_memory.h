// Memory that plays a device's: each allocation stands alone, so that sanitizers see who leaves it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>

namespace millrace::cuda {

/// Blocks of exactly the size asked for, aligned to 256 bytes, with garbage in them.
class FakeMemory {
 public:
  explicit FakeMemory(std::size_t limit) : limit_(limit) {}

  void* allocate(std::size_t bytes, std::mt19937_64& random);  ///< null beyond the limit
  bool free(void* memory);                                     ///< false if it is no block of ours
  /// Whether the bytes lie within one block. No bytes lie anywhere.
  bool holds(const void* from, std::size_t bytes) const;
  std::size_t blocks() const { return blocks_.size(); }
  std::size_t used() const { return used_; }
  std::size_t left() const { return limit_ - used_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  struct Block {
    std::unique_ptr<std::byte, Free> memory;
    std::size_t bytes;
  };

  std::size_t limit_;
  std::size_t used_ = 0;
  std::map<std::uintptr_t, Block> blocks_;  // by where they begin
};

void fill_with_garbage(void* memory, std::size_t bytes, std::mt19937_64& random);

}  // namespace millrace::cuda
