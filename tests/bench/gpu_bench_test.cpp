// The arithmetic of the benchmark, its tables and its texts.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "bench/gpu/report.h"
#include "bench/gpu/workload.h"

namespace millrace::bench::gpu_bench_test {
namespace {

TEST(Report, MediansAreInTheMiddle) {
  EXPECT_EQ(median({3}), 3);
  EXPECT_EQ(median({9, 1, 3}), 3);
  EXPECT_EQ(median({9, 1, 3, 4}), 3.5);
}

TEST(Report, NumbersAreShownWithThreeDigits) {
  EXPECT_EQ(shown(12345.6), "12346");
  EXPECT_EQ(shown(54.321), "54.3");
  EXPECT_EQ(shown(1.0), "1.00");
  EXPECT_EQ(shown(0.1234), "0.123");
  EXPECT_EQ(shown(0.00012), "0.00012");
  EXPECT_EQ(shown(0), "0.00000");
}

TEST(Report, HasATableForEachSection) {
  Report report("A GPU (of 80 GB)", {{"driver", "1"}});
  report.add({"Copies", "there", "GB/s", {2, 1, 3}, "pinned"});
  report.add({"Copies", "back", "GB/s", {4}, {}});
  report.add({"Failed", "the rest", "", {}, "it has \"no\" memory"});
  EXPECT_EQ(report.file_name(), "a-gpu-of-80-gb");
  const std::string head = "| what | median | unit | least – most | note |\n|---|---:|---|---|---|\n";
  EXPECT_EQ(report.markdown(), "# A GPU (of 80 GB)\n\n* driver: 1\n\n## Copies\n\n" + head +
                                   "| there | 2.00 | GB/s | 1.00 – 3.00 | pinned |\n"
                                   "| back | 4.00 | GB/s |  |  |\n\n## Failed\n\n" +
                                   head + "| the rest | not measured |  |  | it has \"no\" memory |\n");
  const std::string json = report.json();
  EXPECT_NE(json.find(R"("samples": [2, 1, 3], "note": "pinned"})"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("note": "it has \"no\" memory"})"), std::string::npos) << json;
}

TEST(Workload, DistinctWordsAreDistinct) {
  for (const unsigned letters : {7U, 12U}) {
    std::istringstream text(distinct_words(100'000, letters));
    std::set<std::string> words;
    for (std::string word; text >> word;) words.insert(word);
    EXPECT_EQ(words.size(), 100'000U);
    EXPECT_TRUE(std::ranges::all_of(words, [&](const std::string& word) { return word.size() == letters; }));
  }
}

TEST(Workload, TextsWithoutAFileAreMadeUpAndEndAfterAWord) {
  const Text text = repeated_text("no such folder", "kjv", 10'000'000);
  EXPECT_NE(text.name, "kjv");
  EXPECT_LE(text.bytes.size(), 10'000'000U);
  EXPECT_GT(text.bytes.size(), 9'999'000U);
  EXPECT_TRUE(text.bytes.back() == ' ' || text.bytes.back() == '\n');
  EXPECT_EQ(count_words(" a bc\n\nd"), 3U);
}

TEST(Workload, BatchesHoldAllWordsWhole) {
  const auto backend = make_cpu_backend(Plan{}, {});
  const Text text = repeated_text("no such folder", "kjv", 100'000);
  const Load load(*backend, text.bytes, 1000);
  std::uint64_t words = 0;
  for (const std::uint64_t n : load.words) words += n;
  EXPECT_EQ(words, count_words(text.bytes));
  const Feeding feeding = feed(*backend, load, 3 * text.bytes.size());
  EXPECT_GE(feeding.bytes, 3 * text.bytes.size());
  EXPECT_LT(feeding.bytes, 3 * text.bytes.size() + 1000);
  EXPECT_GT(feeding.rows, 1000U);
}

}  // namespace
}  // namespace millrace::bench::gpu_bench_test
