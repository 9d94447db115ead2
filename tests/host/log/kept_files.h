// Files of a log that are kept with the tests: what is written today is compared with them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/testing/fake_disk.h>

namespace millrace {

/// The segments and snapshots of a directory are those that are kept, byte by byte.
inline void expect_as_kept(testing::FakeDisk& disk, const std::filesystem::path& directory,
                           const std::filesystem::path& kept) {
  const std::vector<std::string> names = disk.list(directory, "s");
  const auto files = std::distance(std::filesystem::directory_iterator(kept), {});
  EXPECT_EQ(names.size(), static_cast<std::size_t>(files));
  for (const std::string& name : names) {
    std::ifstream file(kept / name, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), *disk.contents(directory / name)) << name;
  }
}

}  // namespace millrace
