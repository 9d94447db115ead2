// Tells AddressSanitizer which stack is in use, so that it finds what is out of scope on it.
// SPDX-License-Identifier: Apache-2.0
#include <sanitizer/common_interface_defs.h>

#include "tests/support/fibre_stack.h"

namespace simt {

void open_account(StackAccount&) {}

void before_switch(StackAccount& from, StackAccount& to) {
  __sanitizer_start_switch_fiber(&from.handle, to.bottom, to.size);
}

void after_switch(StackAccount& from, StackAccount& to) {
  __sanitizer_finish_switch_fiber(to.handle, &from.bottom, &from.size);
}

}  // namespace simt
