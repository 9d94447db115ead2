// Allocations of the fake device.
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_memory.h"

#include <cstring>
#include <iterator>
#include <new>

namespace millrace::cuda {
namespace {

constexpr std::align_val_t kAlignment{256};

std::uintptr_t address(const void* memory) {
  return reinterpret_cast<std::uintptr_t>(memory);
}

}  // namespace

void FakeMemory::Free::operator()(std::byte* memory) const {
  ::operator delete(memory, kAlignment);
}

void* FakeMemory::allocate(std::size_t bytes, std::mt19937_64& random) {
  if (bytes > left()) return nullptr;
  std::unique_ptr<std::byte, Free> memory(static_cast<std::byte*>(::operator new(bytes, kAlignment)));
  fill_with_garbage(memory.get(), bytes, random);
  void* begin = memory.get();
  blocks_.emplace(address(begin), Block{std::move(memory), bytes});
  used_ += bytes;
  return begin;
}

bool FakeMemory::free(void* memory) {
  const auto found = blocks_.find(address(memory));
  if (found == blocks_.end()) return false;
  used_ -= found->second.bytes;
  blocks_.erase(found);
  return true;
}

bool FakeMemory::holds(const void* from, std::size_t bytes) const {
  if (bytes == 0) return true;
  const auto behind = blocks_.upper_bound(address(from));
  if (behind == blocks_.begin()) return false;
  const auto& [begin, block] = *std::prev(behind);
  const std::size_t offset = address(from) - begin;
  return offset <= block.bytes && bytes <= block.bytes - offset;
}

// One byte over and over: quick, and seldom the right one.
void fill_with_garbage(void* memory, std::size_t bytes, std::mt19937_64& random) {
  if (bytes > 0) std::memset(memory, static_cast<int>(random() % 255 + 1), bytes);
}

}  // namespace millrace::cuda
