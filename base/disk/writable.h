// Whether a file could be made or replaced, found without doing it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace millrace {

/// The longest beginning of an absolute path that is there. Throws IoError where that cannot be seen.
std::filesystem::path existing_part(std::filesystem::path path);

/// What Disk::probe promises.
void require_writable(const std::filesystem::path& path);

}  // namespace millrace
