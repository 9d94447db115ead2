// Without a sanitizer nobody has to be told.
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fibre_stack.h"

namespace simt {

void open_account(StackAccount&) {}
void before_switch(StackAccount&, StackAccount&) {}
void after_switch(StackAccount&, StackAccount&) {}

}  // namespace simt
