// What a checkpoint calls an output.
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include <millrace/sink.h>

namespace millrace::output_name_test {
namespace {

// A checkpoint must know an output again that was emptied, or leads elsewhere now.
TEST(OutputName, IsTheSameInAllRuns) {
  const std::string here = std::filesystem::current_path().string();
  for (const std::string same : {"out/", "./out/", "other/../out/", "file:out/"})
    EXPECT_EQ(output_name(same), here + "/out/") << same;
  EXPECT_EQ(output_name("out"), here + "/out") << "a file is no directory";
  EXPECT_EQ(output_name("/data//out/"), "/data/out/");
  for (const std::string same : {"-", "stdout:"}) EXPECT_EQ(output_name(same), "stdout:");
  EXPECT_EQ(output_name("discard:"), "discard:");
  EXPECT_EQ(output_name("no:such:scheme"), "no:such:scheme");
}

}  // namespace
}  // namespace millrace::output_name_test
