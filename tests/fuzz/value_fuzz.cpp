// Decimal values are those of the reference.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/value.h"
#include "tests/fuzz/input.h"
#include "tests/support/reference.h"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(data, size);
  const std::uint32_t scale = input.choose(kScaleMax + 1);
  const std::string text = input.rest();
  const Value value = parse_value(text.data(), static_cast<std::uint32_t>(text.size()), scale);
  const auto [expected, problem] = reference::value_of(text, scale);
  require((value.status == ValueStatus::ok) == !problem, "both accept the text");
  require((value.status == ValueStatus::malformed) == (problem == RejectReason::malformed),
          "both find it malformed");
  require((value.status == ValueStatus::overflow) == (problem == RejectReason::overflow),
          "both find it too large");
  require(problem || value.number == expected, "both read the same number");
  return 0;
}
