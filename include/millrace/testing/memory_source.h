// A source whose input is written by the test.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/error.h>
#include <millrace/source.h>

namespace millrace::testing {

/// Bytes (or messages, for message framing) with things that happen between them. What happens is met once,
/// when all whole records before it were read; seek does not bring it back. Any thread may add to it.
/// It has one partition, and its marks count bytes, or messages.
class MemorySource : public Source {
 public:
  explicit MemorySource(const Framing& framing = {}, bool replayable = true, std::string name = "memory")
      : framing_(framing), replayable_(replayable), partition_{.name = std::move(name)} {}

  /// Adds bytes to the stream, or one message.
  void push(std::string_view bytes) {
    change([&] {
      bytes_ += bytes;
      message_ends_.push_back(bytes_.size());
    });
  }
  void push_idle() { push_happening(Happening::Kind::idle, {}); }
  void push_revoked() { push_happening(Happening::Kind::revoked, {}); }
  void push_transient_error(std::string text) { push_happening(Happening::Kind::transient, std::move(text)); }
  void push_io_error(std::string text) { push_happening(Happening::Kind::io, std::move(text)); }
  /// Nothing more will be added.
  void finish() {
    change([&] { finished_ = true; });
  }

  ReadResult read(std::span<std::byte> into, const Records& records, Deadline deadline) override {
    records.clear();
    std::unique_lock lock(mutex_);
    for (;;) {
      const ReadResult result = take_records(into, records);
      if (result.status != ReadResult::Status::idle || result.oversized > 0) return result;
      if (happens_now()) return act(take_happening());
      if (finished_) return {ReadResult::Status::end};
      if (std::exchange(woken_, false)) return {};
      if (changed_.wait_until(lock, deadline, [&] { return woken_ || std::exchange(news_, false); })) continue;
      return {};
    }
  }

  std::span<const Partition> partitions() const override { return {&partition_, 1}; }
  void marks(Marks& changed) override {
    const std::lock_guard lock(mutex_);
    const Mark now = mark();
    if (told_ != now) changed.push_back(now);
    told_ = now;
  }
  bool replayable() const override { return replayable_; }
  bool messages() const override { return framing_.kind == Framing::Kind::message; }
  void seek(std::span<const Mark> marks) override {
    check(replayable_, "only a replayable source goes back");
    const std::lock_guard lock(mutex_);
    next_ = marks.empty() ? 0 : static_cast<std::size_t>(marks.back().next);
    if (told_) told_ = mark();
  }
  void committed(std::span<const Mark> marks) override {
    const std::lock_guard lock(mutex_);
    if (!marks.empty()) committed_ = marks.back();
  }
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }

  /// A word that has no end yet is finished by this, unless something is still to happen.
  ReadResult drain(std::span<std::byte> into, const Records& records) override {
    records.clear();
    const std::lock_guard lock(mutex_);
    if (framing_.kind != Framing::Kind::whitespace || bytes_.find_first_of(ends(), next_) != std::string::npos)
      return {ReadResult::Status::end};
    drained_ = true;
    ReadResult result = take_records(into, records);
    if (result.status == ReadResult::Status::idle) result.status = ReadResult::Status::end;
    return result;
  }

  /// What committed was told last.
  std::optional<Mark> last_committed() const {
    const std::lock_guard lock(mutex_);
    return committed_;
  }

 private:
  struct Happening {
    enum class Kind { idle, revoked, transient, io } kind;
    std::string text;
    std::size_t at;        ///< bytes before it
    std::size_t messages;  ///< messages before it
  };
  struct Found {
    std::string_view text;  ///< without its end
    std::size_t after;      ///< the offset behind it
  };

  template <class Change>
  void change(Change make) {
    const std::lock_guard lock(mutex_);
    make();
    news_ = true;
    changed_.notify_all();
  }
  void push_happening(Happening::Kind kind, std::string text) {
    change([&] { happenings_.push_back({kind, std::move(text), bytes_.size(), message_ends_.size()}); });
  }
  Mark mark() const {
    const std::size_t end = messages() ? message_ends_.size() : bytes_.size();
    return {.next = static_cast<std::int64_t>(next_), .done = finished_ && next_ == end};
  }
  const char* ends() const { return framing_.kind == Framing::Kind::newline ? "\n" : " \t\n\v\f\r"; }
  std::optional<Found> next_message() const {
    const std::size_t limit = happenings_.empty() ? message_ends_.size() : happenings_.front().messages;
    if (next_ >= limit) return std::nullopt;
    const std::size_t begin = next_ == 0 ? 0 : message_ends_[next_ - 1];
    return Found{std::string_view(bytes_).substr(begin, message_ends_[next_] - begin), next_ + 1};
  }
  std::optional<Found> next_record() const {
    if (messages()) return next_message();
    const std::size_t limit = happenings_.empty() ? bytes_.size() : happenings_.front().at;
    if (next_ >= limit) return std::nullopt;
    const std::string_view rest = std::string_view(bytes_).substr(next_, limit - next_);
    const std::size_t end = rest.find_first_of(ends());
    if (end != std::string_view::npos) return Found{rest.substr(0, end), next_ + end + 1};
    if ((finished_ || drained_) && happenings_.empty()) return Found{rest, bytes_.size()};
    return std::nullopt;
  }

  ReadResult take_records(std::span<std::byte> into, const Records& records) {
    ReadResult result;
    bool any = false;
    while (const auto found = next_record()) {
      if (found->text.size() > framing_.max_record_bytes) {
        ++result.oversized;
        next_ = found->after;
        continue;
      }
      const std::size_t needed = found->text.size() + (messages() ? 0 : 1);
      if (result.bytes + needed > into.size()) {
        if (!any) return {ReadResult::Status::too_big, needed, result.oversized};
        break;
      }
      if (!found->text.empty()) std::memcpy(into.data() + result.bytes, found->text.data(), found->text.size());
      const std::size_t end = result.bytes + found->text.size();
      if (!messages()) into[end] = end_mark(*found);
      if (records.ends != nullptr) records.ends->push_back(static_cast<std::uint32_t>(end));
      if (records.origins != nullptr) add_origin(result.bytes, *records.origins);
      result.bytes += needed;
      next_ = found->after;
      any = true;
    }
    if (any) result.status = ReadResult::Status::data;
    return result;
  }
  // One for each record.
  void add_origin(std::size_t first_byte, std::vector<OriginRun>& origins) const {
    const std::size_t first = messages() ? origins.size() : first_byte;
    origins.push_back({static_cast<std::uint32_t>(first), 0, static_cast<std::int64_t>(next_)});
  }
  // The byte that ended the record, or the newline that the input left out.
  std::byte end_mark(const Found& found) const {
    const bool missing = next_ + found.text.size() == found.after;
    return static_cast<std::byte>(missing ? '\n' : bytes_[found.after - 1]);
  }

  bool happens_now() const {
    if (happenings_.empty()) return false;
    return next_ <= (messages() ? happenings_.front().messages : happenings_.front().at);
  }
  Happening take_happening() {
    Happening first = std::move(happenings_.front());
    happenings_.pop_front();
    return first;
  }
  static ReadResult act(const Happening& happening) {
    switch (happening.kind) {
      case Happening::Kind::transient: throw TransientError(happening.text);
      case Happening::Kind::io: throw IoError(happening.text);
      case Happening::Kind::revoked: return {ReadResult::Status::revoked};
      case Happening::Kind::idle: break;
    }
    return {};
  }

  const Framing framing_;
  const bool replayable_;
  const Partition partition_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string bytes_;
  std::vector<std::size_t> message_ends_;
  std::deque<Happening> happenings_;
  bool finished_ = false;
  bool drained_ = false;
  bool woken_ = false;
  bool news_ = false;
  std::size_t next_ = 0;
  std::optional<Mark> told_;
  std::optional<Mark> committed_;
};

}  // namespace millrace::testing
