// Tells ThreadSanitizer which fibre runs: each has its own calls to return from.
// SPDX-License-Identifier: Apache-2.0
#include <sanitizer/tsan_interface.h>

#include "tests/support/fibre_stack.h"

namespace simt {

void open_account(StackAccount& stack) {
  stack.handle = __tsan_create_fiber(0);
}

void before_switch(StackAccount& from, StackAccount& to) {
  if (from.bottom == nullptr)
    from.handle = __tsan_get_current_fiber();  // the host may be another thread each time
  __tsan_switch_to_fiber(to.handle, 0);
}

void after_switch(StackAccount&, StackAccount&) {}

}  // namespace simt
