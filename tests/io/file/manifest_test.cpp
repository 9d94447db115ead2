// The list of a directory's epochs: each is there once, whatever cut it off before.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/manifest.h"

#include <gmock/gmock.h>
#include <millrace/testing/fake_disk.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include <millrace/error.h>

#include "base/checksum.h"
#include "io/file/file_sink.h"
#include "tests/io/rows.h"

namespace millrace::testing::manifest_test {
namespace {

using io::FileSink;
using io::Manifest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const JobId kJob{"a", 0xabc};
const std::string kNames = "epoch\tstart\tend\tfile\trows\tbytes\tchecksum\tframe\tjob\n";
const std::string kFirst = "1\t\t\tepoch-000000000001.txt\t3\t27\tcafe\t00000000000003e9\t0000000000000abc\n";

std::string text_of(const FakeDisk& disk) {
  return disk.contents("d/MANIFEST").value_or("none");
}

void put(FakeDisk& disk, const std::string& text) {
  const auto file = disk.create("d/MANIFEST", {});
  file->write(std::as_bytes(std::span(text)));
}

io::Published first() {
  return {.shown = {{1}, 1001},
          .windows = std::nullopt,
          .file = "epoch-000000000001.txt",
          .rows = 3,
          .bytes = 27,
          .checksum = "cafe"};
}

FileSink directory(FakeDisk& disk, bool windowed = false) {
  RowLayout layout = count_layout();
  layout.windowed = windowed;
  return {layout, "d", FileSink::Kind::directory, disk};
}

TEST(Manifest, LinesAreKeptAndAppendedTo) {
  FakeDisk disk;
  {
    Manifest list(disk, "d");
    EXPECT_FALSE(list.exists());
    EXPECT_EQ(list.last(kJob), std::nullopt);
    list.begin(kJob);
    EXPECT_EQ(text_of(disk), kNames);
    list.add(first());
    EXPECT_EQ(list.last(kJob), (Shown{{1}, 1001}));
  }
  EXPECT_EQ(text_of(disk), kNames + kFirst);
  Manifest next(disk, "d");
  EXPECT_TRUE(next.exists());
  EXPECT_EQ(next.last(kJob), (Shown{{1}, 1001}));
  next.begin(kJob);
  next.begin(kJob);
  using namespace std::chrono;
  const Timestamp day = sys_days(year(2026) / 11 / 2);
  next.add({.shown = {{7}, 0xf}, .windows = Window{day, day + 1500ms}, .file = "x", .checksum = "y"});
  EXPECT_EQ(text_of(disk), kNames + kFirst +
                               "7\t2026-11-02T00:00:00.000Z\t2026-11-02T00:00:01.500Z\tx\t0\t0\ty\t"
                               "000000000000000f\t0000000000000abc\n");
  disk.crash();
  EXPECT_THAT(text_of(disk), HasSubstr("\n7\t")) << "a line is durable when add returns";
}

TEST(Manifest, ALineThatWasCutOffIsNone) {
  for (std::size_t length = 0; length < kFirst.size(); ++length) {
    FakeDisk disk;
    put(disk, kNames + kFirst + kFirst.substr(0, length));
    Manifest list(disk, "d");
    EXPECT_EQ(list.last(kJob), (Shown{{1}, 1001}));
    list.begin(kJob);
    EXPECT_EQ(text_of(disk), kNames + kFirst) << length;
  }
  FakeDisk disk;
  put(disk, kNames.substr(0, 5));
  Manifest list(disk, "d");
  EXPECT_EQ(list.last(kJob), std::nullopt);
  list.begin(kJob);
  EXPECT_EQ(text_of(disk), kNames);
}

TEST(Manifest, WhatIsNoListIsRefused) {
  for (const std::string& text : {std::string("cargo\n"), kNames + "1\t2\n"}) {
    FakeDisk disk;
    put(disk, text);
    EXPECT_THROW(Manifest(disk, "d"), IoError) << text;
  }
  FakeDisk disk;
  put(disk, kNames + "one" + kFirst.substr(1));
  EXPECT_THROW(Manifest(disk, "d").last(kJob), IoError);
}

TEST(Manifest, AnotherJobsListIsRefused) {
  FakeDisk disk;
  put(disk, kNames + kFirst);
  try {
    Manifest(disk, "d").last({"a", 0xabd});
    ADD_FAILURE() << "it was taken";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.exit_code(), 77);
    EXPECT_THAT(error.what(), HasSubstr("results of another job"));
  }
}

TEST(Manifest, ItIsNotAppendedToWhereSomebodyReplacedIt) {
  FakeDisk disk;
  Manifest list(disk, "d");
  list.begin(kJob);
  disk.remove("d/MANIFEST");
  EXPECT_THROW(list.add(first()), IoError);
}

TEST(Manifest, ADirectoryListsTheEpochsOfAJobWithALog) {
  FakeDisk disk;
  const Rows rows = rows_of(1, 3);
  FileSink sink = directory(disk);
  EXPECT_EQ(sink.open(kJob), std::nullopt);
  for (const std::uint64_t number : {1U, 3U}) {
    sink.begin({.id = {number}, .frame = 1000 + number});
    sink.write(rows.aggregates());
    sink.finish({.id = {number}, .frame = 1000 + number});
  }
  Checksum128 checksum;
  checksum.add(rows.text());
  const std::string tail = "\t3\t" + std::to_string(rows.text().size()) + '\t' + checksum.hex();
  EXPECT_EQ(text_of(disk), kNames + "1\t\t\tepoch-000000000001.txt" + tail +
                               "\t00000000000003e9\t0000000000000abc\n3\t\t\tepoch-000000000003.txt" + tail +
                               "\t00000000000003eb\t0000000000000abc\n");
  EXPECT_EQ(sink.open(kJob), (Shown{{3}, 1003}));
}

TEST(Manifest, ADirectoryThatIsNotAsListedIsRefused) {
  const auto open_after = [](const std::function<void(FakeDisk&)>& meddle) {
    FakeDisk disk;
    for (std::uint64_t number = 1; number <= 3; ++number) {
      FileSink sink = directory(disk);
      sink.open(kJob);
      sink.begin({.id = {number}, .frame = number});
      sink.finish({.id = {number}, .frame = number});
    }
    meddle(disk);
    return directory(disk).open(kJob);
  };
  EXPECT_EQ(open_after([](FakeDisk&) {}), (Shown{{3}, 3}));
  EXPECT_THROW(open_after([](FakeDisk& disk) { disk.remove("d/MANIFEST"); }), ConfigError);
  EXPECT_THROW(open_after([](FakeDisk& disk) { disk.create("d/MANIFEST", {}); }), ConfigError);
  EXPECT_THROW(open_after([](FakeDisk& disk) { disk.remove("d/epoch-000000000003.txt"); }), ConfigError);
  EXPECT_EQ(open_after([](FakeDisk& disk) { disk.create("d/epoch-000000000004.txt", {}); }), (Shown{{3}, 3}))
      << "its line was not written yet";
}

// Whether power is lost behind any operation, or it fails: the list names whole files, each epoch once.
TEST(Manifest, WhatIsListedIsThere) {
  const Rows rows = rows_of(1, 3);
  for (std::uint64_t at = 1; at < 60; ++at) {
    FakeDisk disk;
    std::mt19937_64 random(at);
    disk.fail_from(at);
    try {
      FileSink sink = directory(disk);
      sink.open(kJob);
      for (const std::uint64_t number : {1U, 2U}) {
        sink.begin({.id = {number}, .frame = number});
        sink.write(rows.aggregates());
        sink.finish({.id = {number}, .frame = number});
      }
    } catch (const IoError&) {
    }
    disk.fail_after(0);
    disk.crash(random);
    FileSink sink = directory(disk);
    const std::optional<Shown> last = sink.open(kJob);
    for (std::uint64_t number = 1; last && number <= last->id.number; ++number)
      EXPECT_EQ(disk.contents("d/epoch-00000000000" + std::to_string(number) + ".txt"), rows.text()) << at;
    for (std::uint64_t number = last ? last->id.number + 1 : 1; number <= 2; ++number) {
      sink.begin({.id = {number}, .frame = number});
      sink.write(rows.aggregates());
      sink.finish({.id = {number}, .frame = number});
    }
    EXPECT_THAT(disk.list("d"), ElementsAre("MANIFEST", "epoch-000000000001.txt", "epoch-000000000002.txt"))
        << at;
    const std::string text = text_of(disk);
    EXPECT_EQ(std::ranges::count(text, '\n'), 3) << text;
  }
}

}  // namespace
}  // namespace millrace::testing::manifest_test
