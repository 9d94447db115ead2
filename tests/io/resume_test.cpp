// Opening addresses where an earlier run has ended.
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/error.h>
#include <millrace/source.h>

#include "tests/io/drain.h"
#include "tests/io/temporary_directory.h"

namespace millrace::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Resume, AddressesAreGoneOnWith) {
  const TemporaryDirectory directory;
  const std::vector<std::string> uris = {directory.write("log", "one\ntwo\n"), "generate:?words=30&line=10"};
  const SourceList before = open_sources(uris, {});
  Drained read;
  for (const auto& source : before) read_some(*source, 60, read);
  const Resume resume = resume_of(before);
  std::vector<std::string> all = read.texts;
  for (const std::string& text : drain(open_sources(uris, {.readers = 2, .resume = &resume}), 100).texts)
    all.push_back(text);
  EXPECT_THAT(all, ::testing::UnorderedElementsAreArray(drain(open_sources(uris, {}), 100).texts));
  EXPECT_LT(read.texts.size(), all.size());
}

TEST(Resume, WhatCannotBeGoneOnWithIsTold) {
  const TemporaryDirectory directory;
  const std::vector<std::string> uris = {directory.write("log", "one\ntwo\n")};
  const SourceList before = open_sources(uris, {});
  const Resume resume = resume_of(before);
  directory.write("log", "one\n");
  try {
    open_sources(uris, {.resume = &resume});
    FAIL() << "it became shorter";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 66);
    EXPECT_THAT(error.problems(), ElementsAre(HasSubstr("has become shorter, from 8 to 4 bytes")));
  }
}

}  // namespace
}  // namespace millrace::testing
