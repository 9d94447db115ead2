// Holding and cutting the unfinished record.
// SPDX-License-Identifier: Apache-2.0
#include "io/framer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <millrace/error.h>

#include "io/record_ends.h"

namespace millrace::io {
namespace {

constexpr std::size_t kOwnRoom = std::size_t{16} << 10;

}  // namespace

Framer::Framer(const Framing& framing, MemoryBudget& budget) : framing_(framing), held_(budget) {
  check(framing.kind != Framing::Kind::message, "a framer cuts byte streams");
}

std::optional<ReadResult> Framer::next(std::span<std::byte> into, const Records& records) {
  while (whole_ > 0) {
    std::size_t bytes = whole_;
    if (bytes > into.size()) bytes = after_last_end(held_.bytes().first(into.size()), framing_.kind);
    if (bytes == 0) {
      const std::size_t record = after_first_end(held_.bytes(), 0, framing_.kind);
      if (record - 1 <= framing_.max_record_bytes)
        return ReadResult{ReadResult::Status::too_big, record, std::exchange(oversized_, 0)};
      ++oversized_;
      bytes = record;
    } else {
      std::memcpy(into.data(), held_.bytes().data(), bytes);
    }
    const bool copied = bytes <= into.size();
    const std::uint64_t begin = consumed_;
    held_.drop_front(bytes);
    whole_ -= bytes;
    consumed_ += bytes;
    if (whole_ == 0) consumed_ -= std::exchange(invented_, 0);
    if (!copied) continue;
    if (auto result = hand_over(into.first(bytes), begin, records)) return result;
  }
  return std::nullopt;
}

// `begin`: where it began in the input.
std::optional<ReadResult> Framer::hand_over(std::span<std::byte> whole, std::uint64_t begin,
                                            const Records& records) {
  Kept kept{whole.size(), 0};
  if (records.origins != nullptr) records.origins->assign({{0, 0, static_cast<std::int64_t>(begin)}});
  if (whole.size() > framing_.max_record_bytes) kept = drop_oversized(whole, framing_, records.origins);
  oversized_ += kept.oversized;
  if (kept.bytes == 0) return std::nullopt;
  if (records.ends != nullptr) list_ends(whole.first(kept.bytes), framing_.kind, *records.ends);
  return ReadResult{ReadResult::Status::data, kept.bytes, std::exchange(oversized_, 0)};
}

std::span<std::byte> Framer::room(std::span<std::byte> into) {
  check(whole_ == 0 && !into.empty(), "a framer hands over what it has before it takes more");
  room_is_own_ = into.size() <= held_.size() || (skipping_ && into.size() < kOwnRoom);
  if (!room_is_own_) return into.subspan(held_.size());
  return held_.room(kOwnRoom);
}

std::optional<ReadResult> Framer::added(std::size_t bytes, std::span<std::byte> into, const Records& records) {
  if (room_is_own_) {
    added_to_own(bytes);
    return next(into, records);
  }
  const std::size_t before = held_.size();
  const std::span<const std::byte> fresh = into.subspan(before, bytes);
  if (skipping_) {
    keep(skip(fresh));
    return next(into, records);
  }
  const std::size_t ended = after_last_end(fresh, framing_.kind);
  if (ended == 0) {
    keep(fresh);
    return std::nullopt;
  }
  if (before > 0) std::memcpy(into.data(), held_.bytes().data(), before);
  held_.clear();
  keep(fresh.subspan(ended));
  const std::uint64_t begin = consumed_;
  consumed_ += before + ended;
  return hand_over(into.first(before + ended), begin, records);
}

void Framer::added_to_own(std::size_t bytes) {
  const std::size_t before = held_.size();
  held_.added(bytes);
  if (skipping_) held_.drop_front(held_.size() - skip(held_.bytes()).size());
  const std::size_t ended = after_last_end(held_.bytes().subspan(before), framing_.kind);
  if (ended > 0) whole_ = before + ended;
  skip_if_oversized();
}

void Framer::end_input() {
  if (skipping_) {
    skipping_ = false;
    ++oversized_;
    consumed_ += std::exchange(skipped_, 0);
  }
  if (whole_ == held_.size()) return;
  held_.append(std::array{std::byte{'\n'}});
  whole_ = held_.size();
  invented_ = 1;
}

std::optional<ReadResult> Framer::drain(std::span<std::byte> into, const Records& records) {
  if (auto found = next(into, records)) return found;
  if (framing_.kind == Framing::Kind::newline) return std::nullopt;
  end_input();
  return next(into, records);
}

std::uint64_t Framer::drop_unfinished() {
  check(whole_ == 0, "a framer hands over what is whole before it drops what is not");
  const std::uint64_t dropped = held_.size() + std::exchange(skipped_, 0);
  skipping_ = false;
  held_.clear();
  consumed_ += dropped;
  return dropped;
}

ReadResult Framer::nothing(ReadResult::Status status) {
  return {status, 0, std::exchange(oversized_, 0)};
}

// Takes bytes behind what is held, and learns whether they end a record.
void Framer::keep(std::span<const std::byte> bytes) {
  const std::size_t before = held_.size();
  const std::size_t ended = after_last_end(bytes, framing_.kind);
  held_.append(bytes);
  if (ended > 0) whole_ = before + ended;
  skip_if_oversized();
}

// An unfinished record that is too long already is not kept.
void Framer::skip_if_oversized() {
  const std::size_t unfinished = held_.size() - whole_;
  if (unfinished <= framing_.max_record_bytes) return;
  held_.drop_back(unfinished);
  skipping_ = true;
  skipped_ = unfinished;
}

// Returns what follows the oversized record.
std::span<const std::byte> Framer::skip(std::span<const std::byte> bytes) {
  const std::size_t end = after_first_end(bytes, 0, framing_.kind);
  if (end == 0) {
    skipped_ += bytes.size();
    return {};
  }
  skipping_ = false;
  ++oversized_;
  consumed_ += std::exchange(skipped_, 0) + end;
  return bytes.subspan(end);
}

}  // namespace millrace::io
