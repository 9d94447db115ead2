// Wrong orders of the fluent API: each MISUSE must be refused by the compiler, and `true` must be taken.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/millrace.h>

using namespace std::chrono_literals;
using millrace::read;

int main() {
  static_cast<void>(MISUSE);
}
