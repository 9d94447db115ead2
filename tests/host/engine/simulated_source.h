// What the simulator reads: words, and sources of them. Every choice is drawn from one seeded generator.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/clock.h>
#include <millrace/source.h>

#include "host/engine/metrics.h"
#include "host/time/pane_clock.h"
#include "kernels/key.h"
#include "tests/host/engine/simulated_words.h"

namespace millrace::simulation {

/// Of all backends: with four bits of hash, long words are often told apart by their texts alone.
inline constexpr HashSeed kSeed = hash_seed(1, 4);

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : generator_(seed) {}
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(generator_); }
  bool one_in(int n) { return between(1, n) == 1; }

 private:
  std::mt19937_64 generator_;
};

inline std::vector<std::string> random_words(Dice& dice) {
  std::vector<std::string> words(static_cast<std::size_t>(dice.between(0, 60)));
  for (std::string& word : words) {
    const bool giant = dice.one_in(30);
    word.assign(static_cast<std::size_t>(giant ? dice.between(11, 300) : dice.between(1, 10)),
                static_cast<char>('a' + dice.between(0, 3)));
  }
  return words;
}

/// Words from a list, one record each; fails, idles and stops short at random.
class SimSource final : public Source {
 public:
  SimSource(std::string name, std::vector<std::string> words, bool replayable, bool messages,
            const Clock& clock, Dice& dice)
      : words_(std::move(words)),
        replayable_(replayable),
        messages_(messages),
        clock_(clock),
        dice_(dice),
        begun_in_(words_.size()),
        read_in_(words_.size()),
        partition_{.name = std::move(name)} {}
  /// The clock of the job that reads it.
  void set_panes(PaneClock& panes) { panes_ = &panes; }
  /// What other threads do while one is in read.
  void set_meanwhile(std::function<void()> meanwhile) { meanwhile_ = std::move(meanwhile); }

  ReadResult read(std::span<std::byte> into, const Records& records, Deadline) override {
    records.clear();
    waits_ = false;
    check(!revoked_, "who lost partitions marks before it reads on");
    begun_ = panes_->at(clock_.now());
    if (dice_.one_in(4)) meanwhile_();
    stumble();
    if (dice_.one_in(5)) {
      waits_ = !std::exchange(woken_, false);
      return {.status = ReadResult::Status::idle};
    }
    if (next_ == words_.size()) return {.status = ReadResult::Status::end};
    if (revocations_ < 2 && dice_.one_in(40)) {
      ++revocations_;
      revoked_ = true;
      return {.status = ReadResult::Status::revoked};
    }
    return take(dice_.between(1, 6), into, records);
  }
  // What it held of an unfinished record is one more word, or nothing.
  ReadResult drain(std::span<std::byte> into, const Records& records) override {
    records.clear();
    begun_ = panes_->at(clock_.now());
    stumble();
    if (next_ == words_.size() || dice_.one_in(2)) return {.status = ReadResult::Status::end};
    return take(1, into, records);
  }
  std::span<const Partition> partitions() const override { return {&partition_, 1}; }
  void marks(Marks& changed) override {
    revoked_ = false;
    if (std::exchange(told_, next_) != next_) changed.push_back({0, static_cast<std::int64_t>(next_)});
  }
  bool replayable() const override { return replayable_; }
  bool messages() const override { return messages_; }
  void seek(std::span<const Mark> marks) override {
    stumble();
    revoked_ = false;
    told_ = next_ = static_cast<std::size_t>(marks[0].next);
  }
  void committed(std::span<const Mark> marks) override {
    stumble();
    committed_ = static_cast<std::size_t>(marks[0].next);
  }
  void wake() noexcept override { woken_ = true; }

  /// The read that was idle has not returned.
  bool waits() const { return waits_ && !woken_; }
  /// Something has come.
  void come() { waits_ = false; }
  std::size_t next() const { return next_; }
  const std::vector<std::string>& words() const { return words_; }
  std::size_t committed() const { return committed_; }
  void add_prefix(std::size_t end, Counts& counts) const {
    for (std::size_t i = 0; i < end; ++i)
      if (is_counted(words_[i])) ++counts[words_[i]];
  }
  /// The first `end` of those that were read, each record in the windows in which its last read began and
  /// returned: it may be shown in either.
  void add_read(std::size_t end, WindowCounts& begun, WindowCounts& returned) const {
    for (std::size_t i = 0; i < end; ++i) {
      if (!is_counted(words_[i])) continue;
      ++begun[{words_[i], panes_->window(begun_in_[i])}];
      ++returned[{words_[i], panes_->window(read_in_[i])}];
    }
  }
  SimPast past() const {
    SimPast past{.name = partition_.name, .words = words_, .windows = {}};
    for (std::size_t i = 0; i < next_; ++i)
      past.windows.emplace_back(panes_->window(begun_in_[i]), panes_->window(read_in_[i]));
    return past;
  }
  std::uint64_t bad_read() const { return read_that(is_bad); }
  std::uint64_t oversized_read() const { return read_that(is_oversized); }
  std::uint64_t bytes_read() const {
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < next_; ++i)
      if (!is_oversized(words_[i])) bytes += words_[i].size() + (messages_ ? 0 : 1);
    return bytes;
  }

 private:
  void stumble() {
    if (dice_.one_in(20)) throw TransientError("the source stumbled");
  }
  std::uint64_t read_that(bool (*is_wanted)(std::string_view)) const {
    return static_cast<std::uint64_t>(
        std::count_if(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(next_), is_wanted));
  }
  ReadResult take(int count, std::span<std::byte> into, const Records& records) {
    std::size_t bytes = 0;
    std::uint64_t oversized = 0;
    for (; count > 0 && next_ < words_.size(); --count) {
      if (is_oversized(words_[next_])) {
        ++next_;
        ++oversized;
        continue;
      }
      const std::string text = words_[next_] + (messages_ ? "" : "\n");
      if (text.size() > into.size() - bytes) break;
      std::memcpy(into.data() + bytes, text.data(), text.size());
      if (records.ends != nullptr)
        records.ends->push_back(static_cast<std::uint32_t>(bytes + words_[next_].size()));
      bytes += text.size();
      begun_in_[next_] = begun_;
      read_in_[next_++] = panes_->at(clock_.now());
    }
    if (bytes > 0) return {.status = ReadResult::Status::data, .bytes = bytes, .oversized = oversized};
    if (oversized > 0) return {.status = ReadResult::Status::idle, .oversized = oversized};
    return {.status = ReadResult::Status::too_big, .bytes = words_[next_].size() + 1};
  }

  std::vector<std::string> words_;
  bool replayable_;
  bool messages_;
  const Clock& clock_;
  Dice& dice_;
  PaneClock* panes_ = nullptr;
  std::function<void()> meanwhile_;
  Pane begun_;                  ///< when the read under way began
  std::vector<Pane> begun_in_;  ///< by word
  std::vector<Pane> read_in_;
  const Partition partition_;
  std::size_t next_ = 0;
  std::optional<std::size_t> told_;  ///< by marks
  std::size_t committed_ = 0;
  bool waits_ = false;
  bool woken_ = false;
  mutable bool revoked_ = false;  ///< and its position was not asked for since
  int revocations_ = 0;
};

/// What is wrong with what a job has told of its input; empty: nothing.
inline std::string verdict_on_counters(const Metrics& metrics, const std::vector<SimSource*>& sources,
                                       const PastCounts& past) {
  std::uint64_t bad = past.bad;
  std::uint64_t oversized = past.oversized;
  std::uint64_t bytes = 0;
  for (const SimSource* source : sources) {
    bad += source->bad_read();
    oversized += source->oversized_read();
    bytes += source->bytes_read();
  }
  if (metrics.rejected[static_cast<std::size_t>(RejectReason::malformed)] != bad)
    return "records are rejected more than once, or not told of";
  if (metrics.rejected[static_cast<std::size_t>(RejectReason::oversized)] != oversized)
    return "oversized records are told of more than once, or not at all";
  if (metrics.bytes_read != bytes) return "bytes_read is not what was read";
  return "";
}

}  // namespace millrace::simulation
