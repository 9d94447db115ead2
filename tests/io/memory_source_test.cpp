// The memory source of the testing kit keeps the contract too.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/testing/memory_source.h>

#include <gtest/gtest.h>

#include "tests/io/source_contract.h"

namespace millrace::testing::memory_source_test {
namespace {

OpenedSources open_memory(const std::string& content, const SourceOptions& options) {
  auto source = std::make_unique<MemorySource>(options.framing);
  for (std::size_t at = 0; at < content.size(); at += 3) source->push(std::string_view(content).substr(at, 3));
  source->finish();
  OpenedSources opened;
  opened.sources.push_back(std::move(source));
  return opened;
}

OpenedSources open_silent_memory(const std::string& content, const SourceOptions& options) {
  auto source = std::make_unique<MemorySource>(options.framing);
  source->push(content);
  OpenedSources opened;
  opened.sources.push_back(std::move(source));
  return opened;
}

INSTANTIATE_TEST_SUITE_P(Memory, SourceContract,
                         ::testing::Values(SourceCase{"Memory", open_memory, open_silent_memory}), case_name);

TEST(MemorySource, WhatHappensIsMetInItsPlace) {
  MemorySource source;
  source.push("one\ntw");
  source.push_transient_error("not now");
  source.push("o\n");
  source.push_idle();
  source.push_revoked();
  source.push_io_error("never");
  std::vector<std::byte> into(100);
  EXPECT_EQ(source.read(into, {}, in(0s)).bytes, 4U);
  EXPECT_THROW(source.read(into, {}, in(0s)), TransientError);
  EXPECT_EQ(source.read(into, {}, in(0s)).bytes, 4U);
  EXPECT_EQ(source.read(into, {}, in(10s)).status, ReadResult::Status::idle);
  EXPECT_EQ(source.read(into, {}, in(10s)).status, ReadResult::Status::revoked);
  EXPECT_THROW(source.read(into, {}, in(0s)), IoError);
  source.finish();
  EXPECT_EQ(source.read(into, {}, in(0s)).status, ReadResult::Status::end);
}

TEST(MemorySource, MessagesKeepTheirBoundsAndCanBeEmpty) {
  MemorySource source({Framing::Kind::message});
  source.push("a\nb");
  source.push("");
  source.push("cd");
  source.finish();
  std::vector<std::byte> into(4);
  std::vector<std::uint32_t> ends;
  const Records records{.ends = &ends};
  EXPECT_EQ(source.read(into, records, in(0s)).bytes, 3U);
  EXPECT_EQ(ends, (std::vector<std::uint32_t>{3, 3}));
  EXPECT_EQ(news_of(source), (Marks{{0, 2}}));
  EXPECT_EQ(source.read(into, records, in(0s)).bytes, 2U);
  EXPECT_EQ(source.read(into, records, in(0s)).status, ReadResult::Status::end);
  source.seek(Marks{{0, 1}});
  EXPECT_EQ(source.read(into, records, in(0s)).bytes, 2U);
}

TEST(MemorySource, AnotherThreadMayPush) {
  MemorySource source;
  std::jthread pusher([&] {
    for (int i = 0; i < 100; ++i) source.push(std::to_string(i) + '\n');
    source.finish();
  });
  EXPECT_EQ(drain(source, 100).texts.size(), 100U);
}

}  // namespace
}  // namespace millrace::testing::memory_source_test
