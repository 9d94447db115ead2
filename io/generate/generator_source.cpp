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
#include "io/record_ends.h"

namespace millrace::io {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t kLineMax = 100'000;
constexpr std::uint64_t kVocabularyMax = 1'000'000'000'000;
constexpr double kSkewMax = 4;

class GeneratorSource final : public Source {
 public:
  GeneratorSource(const GeneratorPlan& plan, std::shared_ptr<const ZipfWords> maker, std::string partition,
                  std::uint64_t first, std::uint64_t stride, const SourceOptions& options)
      : plan_(plan),
        maker_(std::move(maker)),
        partition_(std::move(partition)),
        stride_(stride),
        framing_(options.framing),
        first_(first),
        next_(first) {
    if (endless()) on_endless_ = options.on_endless;
  }

  ReadResult read(std::span<std::byte> into, std::vector<Record>* records, Deadline deadline) override {
    if (records != nullptr) records->clear();
    if (on_endless_) std::exchange(on_endless_, {})();
    std::uint64_t oversized = 0;
    std::size_t bytes = 0;
    while (has_record(next_) && is_due(bytes > 0, deadline)) {
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
      next_ += stride_;
      ++made_;
    }
    if (records != nullptr) list_records(into.first(bytes), framing_.kind, *records);
    if (bytes > 0) return {ReadResult::Status::data, bytes, oversized};
    return {has_record(next_) ? ReadResult::Status::idle : ReadResult::Status::end, 0, oversized};
  }

  Offsets position() const override { return {{partition_, static_cast<std::int64_t>(next_)}}; }
  bool replayable() const override { return true; }
  void seek(const Offsets& offsets) override {
    next_ = first_;
    for (const Offset& offset : offsets)
      if (offset.partition == partition_) next_ = static_cast<std::uint64_t>(offset.next);
    if (next_ < first_ || (next_ - first_) % stride_ != 0)
      throw IoError("cannot go on with record " + std::to_string(next_) + " of " + partition_);
    started_.reset();
  }
  void committed(const Offsets&) override {}
  void wake() noexcept override { waker_.wake(); }
  bool endless() const override { return plan_.words == GeneratorPlan{}.words; }

 private:
  bool has_record(std::uint64_t record) const {
    return record < plan_.words / plan_.line + (plan_.words % plan_.line != 0 ? 1 : 0);
  }

  // Each reader keeps its part of the rate. `have_some`: do not wait, there is something to return.
  bool is_due(bool have_some, Deadline deadline) {
    if (plan_.rate == 0) return true;
    const auto now = steady_clock::now();
    if (!started_) {
      started_ = now;
      made_ = 0;
    }
    const double seconds = static_cast<double>(made_) * static_cast<double>(plan_.line) *
                           static_cast<double>(stride_) / static_cast<double>(plan_.rate);
    const auto due =
        *started_ + std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
    if (due <= now) return true;
    if (have_some) return false;
    return waker_.wait(std::min(due, deadline)) && due <= deadline;
  }

  // Straight into the room where it is large enough for any line, else by way of the scratch line.
  std::span<std::byte> make_line(std::span<std::byte> room) {
    const std::uint64_t first = next_ * plan_.line;
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
  std::string partition_;
  std::uint64_t stride_;
  Framing framing_;
  std::function<void()> on_endless_;  ///< for the first read
  std::uint64_t first_;
  std::uint64_t next_;
  std::uint64_t made_ = 0;  ///< records since started_
  std::optional<steady_clock::time_point> started_;
  std::vector<std::byte> line_;
  Waker waker_;
};

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

SourceList open_generator(const Uri& uri, const SourceOptions& options) {
  const GeneratorPlan plan = parse_generator(uri);
  const auto maker = std::make_shared<const ZipfWords>(plan);
  const std::uint64_t readers = std::max(options.readers, 1U);
  SourceList sources;
  for (std::uint64_t i = 0; i < readers; ++i) {
    std::string partition = uri.text;
    if (readers > 1) partition += '@' + std::to_string(i) + '/' + std::to_string(readers);
    sources.push_back(std::make_unique<GeneratorSource>(plan, maker, partition, i, readers, options));
  }
  return sources;
}

}  // namespace millrace::io
