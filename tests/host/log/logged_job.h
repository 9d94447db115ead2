// Epochs of a job whose log is tested, each unlike the others.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <millrace/testing/fake_disk.h>

#include "host/log/frame_log.h"

namespace millrace {

inline const HashSeed kSeed = hash_seed(1, 63);
inline constexpr std::string_view kJob = "keyed by: words\nmeasures: count\n";

using Words = std::map<std::string, std::int64_t>;

inline Columns columns_of(const Words& words) {
  Columns columns(0, unlimited_budget());
  for (const auto& [word, count] : words) {
    const Key key = make_key(word.data(), static_cast<std::uint32_t>(word.size()), kSeed);
    columns.append(key, is_packed(key) ? std::string_view() : word, count);
  }
  return columns;
}

struct Home {
  FrameLogOptions options(std::uint64_t segment_bytes = 1 << 20) {
    return {.directory = "cp",
            .disk = disk,
            .job = std::string(kJob),
            .birth = 42,
            .seed = kSeed,
            .budget = unlimited_budget(),
            .workers = workers,
            .segment_bytes = segment_bytes};
  }
  testing::FakeDisk disk;
  WorkerPool workers{1};
};

inline std::string word_of(std::uint64_t number, int life) {
  return "word of epoch " + std::to_string(number) + " in life " + std::to_string(life);
}

/// Each epoch has other words, also in another life; closes the pane before its own, and has read up to its
/// number.
inline EpochData epoch(std::uint64_t number, bool last = false, int life = 0) {
  EpochData epoch;
  epoch.id = {number};
  epoch.stamp = static_cast<std::int64_t>(1000 + number);
  epoch.pane = {static_cast<std::int64_t>(number)};
  epoch.closed = {{epoch.pane.index - 1}};
  epoch.last = last;
  epoch.rejected[2] = 2;
  Words words{{word_of(number, life), 1}, {"all", static_cast<std::int64_t>(number)}};
  epoch.partials.emplace_back(epoch.pane, columns_of(words));
  epoch.marks = {{{.partition = 0, .next = static_cast<std::int64_t>(number), .done = last}}};
  return epoch;
}

inline std::vector<ReaderInputs> readers(std::int64_t next = 0) {
  return {{{{.name = "input", .end = 100}}, {{.partition = 0, .next = next, .done = false}}}};
}

/// Words of all epochs that the log hands over, which must have them by their numbers, from 1 or a snapshot on.
inline Words replayed(FrameLog& log) {
  Words words;
  std::uint64_t number = 0;
  log.replay([&](EpochData&& each, std::uint64_t frame) {
    if (number == 0 && frame == 0) number = each.id.number - 1;  // a snapshot
    if (each.id == log.recovered().last) {
      EXPECT_EQ(frame, log.recovered().frame);
    }
    EXPECT_EQ(each.id.number, ++number);
    for (const auto& [pane, columns] : each.partials)
      for (std::size_t row = 0; row < columns.size(); ++row) {
        char scratch[8];
        words[std::string(columns.text(row, scratch))] += columns.counts[row];
      }
  });
  EXPECT_EQ(number, log.recovered().last.number);
  return words;
}

/// `lives`: in which each epoch was written; of those that are not there in the first.
inline Words words_until(std::uint64_t last, const std::map<std::uint64_t, int>& lives = {}) {
  Words words;
  for (std::uint64_t number = 1; number <= last; ++number) {
    const auto life = lives.find(number);
    words[word_of(number, life == lives.end() ? 0 : life->second)] = 1;
    words["all"] += static_cast<std::int64_t>(number);
  }
  return words;
}

}  // namespace millrace
