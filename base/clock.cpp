// The real clock.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/clock.h>

namespace millrace {
namespace {

class RealClock final : public Clock {
 public:
  Instant now() const override { return std::chrono::steady_clock::now(); }
  Timestamp wall() const override { return std::chrono::system_clock::now(); }
};

}  // namespace

const Clock& real_clock() {
  static const RealClock clock;
  return clock;
}

}  // namespace millrace
