// Partitions are told in key frames, their marks by change.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/logged_inputs.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include <millrace/error.h>

#include "host/log/encoding.h"

namespace millrace {
namespace {

constexpr std::uint64_t kReadersMax = 1 << 16;

using Whole = std::tuple<std::string, std::uint64_t, std::uint64_t>;

// Of what a partition is a part. A file is the same under another name.
Whole whole(const Partition& partition) {
  return {partition.identity ? "" : partition.name, partition.identity.device, partition.identity.inode};
}

/// Readers count from 1 on disk; 0 is nobody.
void put(FrameWriter& frame, std::uint64_t reader, const Partition& partition, const Mark& mark) {
  frame.make_room(9 * kNumberBytesMax + partition.name.size());
  std::string& out = frame.chunk();
  put_varint(out, reader);
  put_text(out, partition.name);
  put_varint(out, partition.identity.device);
  put_varint(out, partition.identity.inode);
  put_varint(out, partition.beginning.length);
  put_fixed(out, partition.beginning.checksum, 8);
  put_zigzag(out, partition.end);
  put_fixed(out, partition.aligned ? 1 : 0, 1);
  put_zigzag(out, mark.next);
  put_fixed(out, mark.done ? 1 : 0, 1);
}

bool flag(Decoder& bytes) {
  const std::uint64_t value = bytes.fixed(1);
  if (value > 1) throw CorruptError("yes or no is something else");
  return value == 1;
}

void add(ReaderInputs& to, Partition partition, Mark mark) {
  mark.partition = static_cast<std::uint32_t>(to.partitions.size());
  to.partitions.push_back(std::move(partition));
  to.marks.push_back(mark);
}

}  // namespace

void LoggedInputs::start(const std::vector<ReaderInputs>& readers) {
  std::set<Whole> known;
  for (const ReaderInputs& reader : readers) {
    check(reader.marks.size() == reader.partitions.size(), "the first marks tell of all partitions");
    for (std::size_t i = 0; i < reader.marks.size(); ++i)
      check(reader.marks[i].partition == i, "the first marks come in the order of partitions");
    for (const Partition& partition : reader.partitions) known.insert(whole(partition));
  }
  const Resume before = all();
  others_ = {};
  for (const Mark& mark : before.marks) {
    const Partition& partition = before.partitions[mark.partition];
    if (!known.contains(whole(partition))) add(others_, partition, mark);
  }
  readers_ = readers;
}

void LoggedInputs::merge(const std::vector<std::vector<Partition>>& found, const std::vector<Marks>& marks) {
  check(std::max(found.size(), marks.size()) <= readers_.size(), "the readers are those of the start");
  for (std::size_t reader = 0; reader < found.size(); ++reader)
    for (const Partition& partition : found[reader]) add(readers_[reader], partition, {});
  for (std::size_t reader = 0; reader < marks.size(); ++reader)
    for (const Mark& mark : marks[reader]) {
      check(mark.partition < readers_[reader].marks.size(), "marks are of partitions that are known");
      readers_[reader].marks[mark.partition] = mark;
    }
}

Resume LoggedInputs::all() const {
  ReaderInputs together;
  const auto add_all = [&](const ReaderInputs& inputs) {
    for (std::size_t i = 0; i < inputs.partitions.size(); ++i)
      add(together, inputs.partitions[i], inputs.marks[i]);
  };
  for (const ReaderInputs& reader : readers_) add_all(reader);
  add_all(others_);
  return {std::move(together.partitions), std::move(together.marks)};
}

void LoggedInputs::write(FrameWriter& frame) const {
  frame.begin(Section::partitions);
  const auto put_all = [&](std::uint64_t reader, const ReaderInputs& inputs) {
    for (std::size_t i = 0; i < inputs.partitions.size(); ++i)
      put(frame, reader, inputs.partitions[i], inputs.marks[i]);
  };
  for (std::size_t reader = 0; reader < readers_.size(); ++reader) put_all(reader + 1, readers_[reader]);
  put_all(0, others_);
  frame.end();
}

void LoggedInputs::clear() {
  readers_.clear();
  others_ = {};
}

void LoggedInputs::read_partitions(std::string_view chunk) {
  Decoder bytes(chunk);
  while (!bytes.empty()) {
    const std::uint64_t reader = bytes.varint();
    if (reader > kReadersMax) throw CorruptError("there are not that many readers");
    if (reader > readers_.size()) readers_.resize(reader);  // some have no partition yet
    Partition partition;
    partition.name = bytes.text();
    partition.identity.device = bytes.varint();
    partition.identity.inode = bytes.varint();
    const std::uint64_t hashed = bytes.varint();
    if (hashed > Beginning::kLengthMax) throw CorruptError("more of a file is hashed than ever is");
    partition.beginning = {.checksum = bytes.fixed(8), .length = static_cast<std::uint32_t>(hashed)};
    partition.end = bytes.zigzag();
    partition.aligned = flag(bytes);
    Mark mark{.next = bytes.zigzag()};
    mark.done = flag(bytes);
    add(reader == 0 ? others_ : readers_[reader - 1], std::move(partition), mark);
  }
}

void LoggedInputs::read_marks(std::string_view chunk) {
  Decoder bytes(chunk);
  while (!bytes.empty()) {
    const std::uint64_t reader = bytes.varint();
    const std::uint64_t partition = bytes.varint();
    if (reader == 0 || reader > readers_.size() || partition >= readers_[reader - 1].marks.size())
      throw CorruptError("a mark of a partition that is not known");
    Mark& mark = readers_[reader - 1].marks[partition];
    mark.next = bytes.zigzag();
    mark.done = flag(bytes);
  }
}

void write_found(FrameWriter& frame, const std::vector<std::vector<Partition>>& found) {
  if (std::ranges::all_of(found, [](const auto& partitions) { return partitions.empty(); })) return;
  frame.begin(Section::partitions);
  for (std::size_t reader = 0; reader < found.size(); ++reader)
    for (const Partition& partition : found[reader]) put(frame, reader + 1, partition, {});
  frame.end();
}

void write_marks(FrameWriter& frame, const std::vector<Marks>& marks) {
  frame.begin(Section::marks);
  for (std::size_t reader = 0; reader < marks.size(); ++reader) {
    for (const Mark& mark : marks[reader]) {
      frame.make_room(4 * kNumberBytesMax);
      std::string& out = frame.chunk();
      put_varint(out, reader + 1);
      put_varint(out, mark.partition);
      put_zigzag(out, mark.next);
      put_fixed(out, mark.done ? 1 : 0, 1);
    }
  }
  frame.end();
}

}  // namespace millrace
