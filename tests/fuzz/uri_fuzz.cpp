// Any text is an address or a ConfigError, and what was parsed keeps its promises.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string_view>

#include <millrace/error.h>
#include <millrace/quantity.h>

#include "io/generate/generator_source.h"
#include "io/uri.h"

namespace {

template <class Parse>
void try_to(Parse parse) {
  try {
    parse();
  } catch (const millrace::ConfigError& error) {
    millrace::check(!error.problems().empty() && error.what()[0] != '\0', "an error says what is wrong");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_to([&] {
    const millrace::io::Uri uri = millrace::io::parse_uri(text);
    millrace::check(uri.text == text, "errors can quote the address");
    millrace::check(!uri.scheme.empty() || uri.path == text, "a path is taken as it is");
    millrace::check(uri.path.find('\0') == std::string::npos, "no path has a zero byte");
    try_to([&] { millrace::io::allow_keys(uri, {"words", "reconnect"}); });
    try_to([&] { millrace::io::host_and_port(uri); });
    try_to([&] {
      const auto plan = millrace::io::parse_generator(uri);
      millrace::check(plan.line > 0 && plan.vocabulary > 0 && plan.skew >= 0, "a plan can run");
    });
  });
  try_to([&] { millrace::parse_count(text); });
  try_to([&] { millrace::parse_size(text); });
  try_to([&] { millrace::check(millrace::parse_duration(text).count() >= 0, "time goes forward"); });
  return 0;
}
