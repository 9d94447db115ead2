// Where the offset of a shared file stands, whoever reads which range of it.
// SPDX-License-Identifier: Apache-2.0
#include "io/shared_input.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "io/file_list.h"
#include "tests/io/drain.h"
#include "tests/io/temporary_directory.h"

namespace millrace::testing {
namespace {

using io::FilePart;
using io::FileSource;

/// A descriptor that stands in for standard input.
class SharedInputTest : public ::testing::Test {
 protected:
  void open(const std::string& content) { input_ = io::open_for_reading(directory_.write("input", content)); }
  off_t offset() const { return ::lseek(input_.get(), 0, SEEK_CUR); }
  std::vector<FileSource> sources(unsigned readers) const {
    std::vector<FileSource> made;
    for (auto& share : io::share_out({io::as_file(input_.get(), "stdin").value()}, readers, 1))
      made.emplace_back(std::move(share), Framing{});
    return made;
  }

  TemporaryDirectory directory_;
  io::Descriptor input_;
};

TEST_F(SharedInputTest, ReadingLeavesTheOffsetAloneAndCommittingMovesIt) {
  open("one\ntwo\nthree\n");
  ::lseek(input_.get(), 4, SEEK_SET);
  std::vector<FileSource> made = sources(1);
  EXPECT_EQ(drain(made[0], 64).bytes, "two\nthree\n");
  EXPECT_EQ(offset(), 4);
  made[0].committed(made[0].position());
  EXPECT_EQ(offset(), 14);
}

TEST_F(SharedInputTest, ItStandsBeforeTheFirstRecordThatIsNotFinished) {
  std::string content;
  for (int i = 100; i < 200; ++i) content += std::to_string(i) + '\n';
  open(content);
  std::vector<FileSource> made = sources(4);
  ASSERT_EQ(made.size(), 4U);
  Drained drained;
  read_some(made[0], 40, drained);
  drain(made[1], 40);
  read_some(made[3], 40, drained);
  for (const std::size_t reader : {3U, 1U, 0U}) made[reader].committed(made[reader].position());
  EXPECT_EQ(offset(), 40);
  drain(made[0], 40);
  made[0].committed(made[0].position());
  EXPECT_EQ(offset(), 204) << "all records that start in the first half, the last of which ends behind it";
  for (const std::size_t reader : {2U, 3U}) drain(made[reader], 40);
  for (const std::size_t reader : {3U, 2U}) made[reader].committed(made[reader].position());
  EXPECT_EQ(offset(), 400);
}

// What another program has left of a record is a record, also where several readers share the file.
TEST_F(SharedInputTest, TheFirstRecordStartsWhereTheFileStands) {
  open("one\ntwo\nthree\nfour\nfive\n");
  for (const off_t begin : {4, 5, 7}) {
    ::lseek(input_.get(), begin, SEEK_SET);
    std::vector<FileSource> made = sources(3);
    EXPECT_EQ(made.size(), 3U);
    std::string all;
    for (FileSource& source : made) all += drain(source, 64).bytes;
    EXPECT_EQ(all, std::string("one\ntwo\nthree\nfour\nfive\n").substr(static_cast<std::size_t>(begin)));
  }
}

TEST_F(SharedInputTest, ItNeverGoesBack) {
  open("one\ntwo\n");
  std::vector<FileSource> made = sources(1);
  const Offsets begin = made[0].position();
  drain(made[0], 64);
  made[0].committed(made[0].position());
  made[0].committed(begin);
  EXPECT_EQ(offset(), 8);
  ::lseek(input_.get(), 100, SEEK_SET);
  made = sources(1);
  EXPECT_EQ(drain(made[0], 64).bytes, "");
  made[0].committed(made[0].position());
  EXPECT_EQ(offset(), 100) << "where there was nothing to read";
}

}  // namespace
}  // namespace millrace::testing
