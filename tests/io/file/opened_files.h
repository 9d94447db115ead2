// Files with given contents, opened as sources, and what the sources tell.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/file/file_list.h"
#include "io/file/file_source.h"
#include "tests/io/drain.h"
#include "tests/io/temporary_directory.h"

namespace millrace::testing {

/// They are named file0, file1, ... in a TemporaryDirectory, which `keeps` holds.
inline OpenedSources open_files(const std::vector<std::string>& contents, const SourceOptions& options,
                                std::uint64_t smallest = 1) {
  const auto directory = std::make_shared<TemporaryDirectory>();
  std::vector<std::string> paths;
  for (const std::string& content : contents)
    paths.push_back(directory->write("file" + std::to_string(paths.size()), content));
  OpenedSources opened;
  const io::FileList list = io::list_files(paths);
  EXPECT_TRUE(list.problems.empty());
  for (auto& share : io::split_files(list.files, options.readers, smallest))
    opened.sources.push_back(std::make_unique<io::FileSource>(share, options.framing, options.on_event));
  opened.keeps = directory;
  return opened;
}

inline OpenedSources open_file(const std::string& content, const SourceOptions& options) {
  return open_files({content}, options);
}

/// Keeps what it is told.
struct Told {
  std::vector<std::string> warnings;
  OnEvent listener() {
    return [this](const Event& event) {
      EXPECT_EQ(event.level, Event::Level::warning);
      warnings.push_back(event.text);
    };
  }
};

}  // namespace millrace::testing
