// Opening addresses where an earlier run has ended.
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/error.h>
#include <millrace/source.h>

#include "tests/io/drain.h"
#include "tests/io/temporary_directory.h"

namespace millrace::testing::resume_test {
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

std::vector<std::string> problems_of(const std::vector<std::string>& uris, const Resume& resume) {
  try {
    open_sources(uris, {.resume = &resume});
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 66);
    return error.problems();
  }
  return {};
}

TEST(Resume, AnAddressThatIsNamedTwiceIsGoneOnWithTwice) {
  const std::string uri = "generate:?words=30&line=10";
  const std::vector<std::string> uris = {uri, uri};
  const SourceList before = open_sources(uris, {});
  Drained read;
  for (const auto& source : before) read_some(*source, 60, read);
  const Resume resume = resume_of(before);
  std::vector<std::string> all = read.texts;
  for (const std::string& text : drain(open_sources(uris, {.resume = &resume}), 100).texts) all.push_back(text);
  EXPECT_THAT(all, ::testing::UnorderedElementsAreArray(drain(open_sources(uris, {}), 100).texts));
}

TEST(Resume, WordsThatWereNotAllMadeAreNotExchangedForOthers) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("log", "one\n");
  const std::vector<std::string> uris = {"generate:?words=30&line=10"};
  const SourceList before = open_sources(uris, {});
  Drained read;
  read_some(*before[0], 60, read);
  const Resume resume = resume_of(before);
  const auto refused = ElementsAre("cannot go on without " + uris[0] + ": it was not read to its end");
  EXPECT_THAT(problems_of({"generate:?line=10&words=30"}, resume), refused);
  EXPECT_THAT(problems_of({file}, resume), refused);
  EXPECT_THAT(problems_of({file, uris[0]}, resume), ::testing::IsEmpty());
  drain(before, 100);
  const Resume over = resume_of(open_sources(uris, {.resume = &resume}));
  EXPECT_THAT(problems_of({file, uris[0]}, over), ::testing::IsEmpty());
}

TEST(Resume, AFileThatWasReadToItsEndMayBeGoneThoughItIsNamed) {
  const TemporaryDirectory directory;
  const std::vector<std::string> uris = {directory.write("log", "one\n"), directory.write("other", "two\n")};
  const SourceList before = open_sources(uris, {.readers = 1});
  drain(before, 100);
  const Resume resume = resume_of(before);
  std::filesystem::remove(uris[0]);
  EXPECT_THAT(problems_of(uris, resume), ::testing::IsEmpty());
  EXPECT_THAT(problems_of({uris[1], directory.path() / "none"}, resume),
              ElementsAre(HasSubstr("No such file")));
  EXPECT_THAT(problems_of({uris[0]}, resume), ::testing::IsEmpty()) << "nothing is left to read";
}

}  // namespace
}  // namespace millrace::testing::resume_test
