// A list made at the start, from what the kernel lists.
// SPDX-License-Identifier: Apache-2.0
#include "base/disk/given_descriptors.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace millrace {
namespace {

std::optional<std::vector<int>> given;

}  // namespace

void note_given_descriptors() {
  std::vector<int> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    int number = -1;
    std::from_chars(name.data(), name.data() + name.size(), number);
    found.push_back(number);
  }
  if (error) return;  // then there are no names for descriptors, either
  // One of them was the listing's own.
  std::erase_if(found, [](int number) { return ::fcntl(number, F_GETFD) < 0; });
  given = std::move(found);
}

bool is_given_descriptor(int descriptor) {
  return !given || std::ranges::find(*given, descriptor) != given->end();
}

}  // namespace millrace
