// The books of a source: what it reads, how far it has come, and what of that is news.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <millrace/partition.h>

namespace millrace::io {

/// Partitions that are read one after the other, each from front to back.
class Partitions {
 public:
  Partitions() = default;
  /// One alone, from 0 on.
  explicit Partitions(std::string name) { add({.name = std::move(name)}, 0); }
  /// `begin`: its first position. REQUIRES: no marks were told.
  void add(Partition partition, std::uint64_t begin) {
    list_.push_back(std::move(partition));
    marks_.push_back({.partition = static_cast<std::uint32_t>(marks_.size())});
    set(marks_.back(), begin);
    begins_.push_back(marks_.back());
  }

  std::span<const Partition> list() const { return list_; }
  std::int64_t begin(std::uint32_t partition) const { return begins_.at(partition).next; }
  /// The one that is read now, counted in the list; its size: all were passed.
  std::size_t current() const { return current_; }
  bool at_end() const { return current_ == list_.size(); }

  // Of the current one, REQUIRES: !at_end().
  const std::string& name() const { return list_[current_].name; }
  std::uint64_t next() const { return static_cast<std::uint64_t>(marks_[current_].next); }
  bool done() const { return marks_[current_].done; }
  void read_to(std::uint64_t next) { set(marks_[current_], next); }
  /// There is nothing more in it, although its end may be further on, or is not known.
  void finish() { marks_[current_].done = true; }
  /// Goes on with the one behind it, even if it is not done.
  void pass() { ++current_; }

  /// As Source::marks. Those before the one that was current last time cannot have changed.
  void marks(Marks& changed) {
    if (told_.empty()) {
      changed.insert(changed.end(), marks_.begin(), marks_.end());
      told_ = marks_;
    }
    for (std::size_t i = told_from_; i < std::min(current_ + 1, list_.size()); ++i)
      if (std::exchange(told_[i], marks_[i]) != marks_[i]) changed.push_back(marks_[i]);
    told_from_ = current_;
  }
  /// As Source::seek. REQUIRES: the marks lie in their partitions.
  void seek(std::span<const Mark> marks) {
    marks_ = begins_;
    for (const Mark& mark : marks) set(marks_[mark.partition], static_cast<std::uint64_t>(mark.next));
    if (!told_.empty()) told_ = marks_;
    current_ = told_from_ = 0;
  }

 private:
  // An end that is not known is larger than any.
  void set(Mark& mark, std::uint64_t next) const {
    mark.next = static_cast<std::int64_t>(next);
    mark.done = mark.done || next >= static_cast<std::uint64_t>(list_[mark.partition].end);
  }

  std::vector<Partition> list_;
  Marks begins_;  ///< of each, where it stands before it is read
  Marks marks_;   ///< how far each was read
  Marks told_;    ///< the same, as marks() told it last; empty: never
  std::size_t current_ = 0;
  std::size_t told_from_ = 0;  ///< none before it has changed since
};

}  // namespace millrace::io
