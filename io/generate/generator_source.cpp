// Making records by their number, at a rate.
// SPDX-License-Identifier: Apache-2.0
#include "io/generate/generator_source.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include <millrace/error.h>
#include <millrace/quantity.h>

#include "io/descriptor.h"
#include "io/partitions.h"
#include "io/record_ends.h"

namespace millrace::io {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t kLineMax = 100'000;
constexpr std::uint64_t kVocabularyMax = 1'000'000'000'000;
constexpr double kSkewMax = 4;

/// Records by their numbers: [begin, end).
struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

class GeneratorSource final : public Source {
 public:
  /// `rate`: records a second; 0: no limit.
  GeneratorSource(const GeneratorPlan& plan, std::shared_ptr<const ZipfWords> maker, const std::string& name,
                  const std::vector<Range>& ranges, double rate, const SourceOptions& options)
      : plan_(plan), maker_(std::move(maker)), rate_(rate), framing_(options.framing) {
    for (const auto& [begin, end] : ranges)
      partitions_.add({.name = name, .end = static_cast<std::int64_t>(end)}, begin);
    if (endless()) on_endless_ = options.on_endless;
  }

  ReadResult read(std::span<std::byte> into, const Records& records, Deadline deadline) override {
    records.clear();
    if (on_endless_) std::exchange(on_endless_, {})();
    std::uint64_t oversized = 0;
    std::size_t bytes = 0;
    while (has_record() && is_due(bytes > 0, deadline)) {
      const std::span<std::byte> room = into.subspan(bytes);
      const std::span<std::byte> line = make_line(room);
      Kept kept{line.size(), 0};
      if (line.size() > framing_.max_record_bytes) kept = drop_oversized(line, framing_);
      if (kept.bytes > room.size()) {
        if (bytes > 0) break;
        return {ReadResult::Status::too_big, kept.bytes, oversized};
      }
      if (line.data() != room.data()) std::copy_n(line.begin(), kept.bytes, room.begin());
      bytes += kept.bytes;
      oversized += kept.oversized;
      partitions_.read_to(partitions_.next() + 1);
      ++made_;
    }
    if (records.ends != nullptr) list_ends(into.first(bytes), framing_.kind, *records.ends);
    if (bytes > 0) return {ReadResult::Status::data, bytes, oversized};
    return {has_record() ? ReadResult::Status::idle : ReadResult::Status::end, 0, oversized};
  }

  std::span<const Partition> partitions() const override { return partitions_.list(); }
  void marks(Marks& changed) override { partitions_.marks(changed); }
  bool replayable() const override { return true; }
  void seek(std::span<const Mark> marks) override {
    for (const Mark& mark : marks) {
      const std::int64_t begin = partitions_.begin(mark.partition);
      const Partition& partition = partitions_.list()[mark.partition];
      if (mark.next < begin || mark.next > partition.end)
        throw IoError("cannot go on with record " + std::to_string(mark.next) + " of " + partition.name);
    }
    partitions_.seek(marks);
    started_.reset();
  }
  void wake() noexcept override { waker_.wake(); }
  bool endless() const override { return plan_.words == GeneratorPlan{}.words; }

 private:
  bool has_record() {
    while (!partitions_.at_end() && partitions_.done()) partitions_.pass();
    return !partitions_.at_end();
  }

  // `have_some`: do not wait, there is something to return.
  bool is_due(bool have_some, Deadline deadline) {
    if (rate_ == 0) return true;
    const auto now = steady_clock::now();
    if (!started_) {
      started_ = now;
      made_ = 0;
    }
    const double seconds = static_cast<double>(made_) / rate_;
    const auto due =
        *started_ + std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
    if (due <= now) return true;
    if (have_some) return false;
    return waker_.wait(std::min(due, deadline)) && due <= deadline;
  }

  // Straight into the room where it is large enough for any line, else by way of the scratch line.
  std::span<std::byte> make_line(std::span<std::byte> room) {
    const std::uint64_t first = partitions_.next() * plan_.line;
    const std::uint64_t words = std::min(plan_.line, plan_.words - first);
    const std::size_t most = words * ZipfWords::kRoom;
    if (room.size() < most) {
      line_.resize(most);
      room = line_;
    }
    char* const start = reinterpret_cast<char*>(room.data());
    return room.first(static_cast<std::size_t>(maker_->append_line(first, words, start) - start));
  }

  GeneratorPlan plan_;
  std::shared_ptr<const ZipfWords> maker_;
  Partitions partitions_;
  double rate_;
  Framing framing_;
  std::function<void()> on_endless_;  ///< for the first read
  std::uint64_t made_ = 0;            ///< records since started_
  std::optional<steady_clock::time_point> started_;
  std::vector<std::byte> line_;
  Waker waker_;
};

// All of them, or what an earlier run has left.
std::vector<Range> records_left(const GeneratorPlan& plan, const std::string& name, const Resume* resume) {
  std::vector<Range> ranges;
  bool is_known = false;
  for (const Mark& mark : resume != nullptr ? resume->marks : Marks{}) {
    const Partition& partition = resume->partitions.at(mark.partition);
    if (partition.name != name) continue;
    is_known = true;
    if (!mark.done)
      ranges.push_back({static_cast<std::uint64_t>(mark.next), static_cast<std::uint64_t>(partition.end)});
  }
  const std::uint64_t words_end = plan.words / plan.line + (plan.words % plan.line != 0 ? 1 : 0);
  const std::uint64_t end = std::min<std::uint64_t>(words_end, INT64_MAX);
  if (ranges.empty()) ranges.push_back({is_known ? end : 0, end});  // where all is made, that stays known
  return ranges;
}

// All ranges in order are one tape, of which each reader gets an equal stretch; the first gets one in any case.
std::vector<std::vector<Range>> deal(const std::vector<Range>& ranges, std::uint64_t readers) {
  std::uint64_t total = 0;
  for (const Range& range : ranges) total += range.end - range.begin;
  const std::uint64_t stretch = std::max<std::uint64_t>(total / readers + (total % readers != 0 ? 1 : 0), 1);
  std::vector<std::vector<Range>> shares(1);
  std::uint64_t room = stretch;
  for (auto [begin, end] : ranges) {
    do {
      if (room == 0) {
        shares.emplace_back();
        room = stretch;
      }
      const std::uint64_t length = std::min(room, end - begin);
      shares.back().push_back({begin, begin + length});
      begin += length;
      room -= length;
    } while (begin < end);
  }
  return shares;
}

}  // namespace

GeneratorPlan parse_generator(const Uri& uri) {
  allow_keys(uri, {"words", "vocabulary", "skew", "seed", "rate", "line"});
  std::vector<std::string> problems;
  const auto complain = [&](const std::string& what) {
    problems.push_back("the address \"" + excerpt(uri.text) + "\": " + what);
  };
  const auto number = [&](std::string_view key, std::uint64_t& value, std::uint64_t least, std::uint64_t most) {
    const auto text = uri.value(key);
    if (!text) return;
    try {
      value = parse_count(*text);
      if (value < least || value > most)
        complain(std::string(key) + " must be from " + std::to_string(least) + " to " + std::to_string(most));
    } catch (const ConfigError& error) {
      complain(std::string(key) + '=' + error.what());
    }
  };
  GeneratorPlan plan;
  constexpr std::uint64_t kWordsMax = INT64_MAX;
  number("words", plan.words, 0, kWordsMax);
  number("vocabulary", plan.vocabulary, 1, kVocabularyMax);
  number("seed", plan.seed, 0, UINT64_MAX);
  number("rate", plan.rate, 0, kWordsMax);
  number("line", plan.line, 1, kLineMax);
  if (const auto text = uri.value("skew")) {
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, plan.skew);
    if (error != std::errc{} || stop != end || !(plan.skew >= 0 && plan.skew <= kSkewMax))
      complain("skew must be a number from 0 to 4");
  }
  if (!uri.path.empty()) complain("write generate:?words=1M, with a \"?\" before the first key");
  if (!problems.empty()) throw ConfigError(problems);
  return plan;
}

SourceList open_generator(const Uri& uri, const std::string& name, const SourceOptions& options) {
  const GeneratorPlan plan = parse_generator(uri);
  const auto maker = std::make_shared<const ZipfWords>(plan);
  const std::vector<std::vector<Range>> shares =
      deal(records_left(plan, name, options.resume), std::max(options.readers, 1U));
  const double rate = static_cast<double>(plan.rate) / static_cast<double>(plan.line);
  SourceList sources;
  for (const std::vector<Range>& share : shares)
    sources.push_back(std::make_unique<GeneratorSource>(plan, maker, name, share,
                                                        rate / static_cast<double>(shares.size()), options));
  return sources;
}

}  // namespace millrace::io
