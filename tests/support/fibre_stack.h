// What a sanitizer has to know when control goes from one stack to another; CMake picks the file that tells.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace simt {

/// One stack, in the sanitizer's books. Of the host's stack only the address of this object is known
/// beforehand.
struct StackAccount {
  const void* bottom = nullptr;
  std::size_t size = 0;
  void* handle = nullptr;  ///< the sanitizer's own
};

/// Once for each new stack but the host's, which has no bottom yet.
void open_account(StackAccount& stack);
/// Right before control goes from one stack to another.
void before_switch(StackAccount& from, StackAccount& to);
/// The first thing after that, on the other stack.
void after_switch(StackAccount& from, StackAccount& to);

}  // namespace simt
