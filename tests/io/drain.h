// Reading sources to their end, and what must come out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/source.h>

namespace millrace::testing {

using namespace std::chrono_literals;

/// Sources with whatever must live as long as they do: files, servers, writing threads.
struct OpenedSources {
  SourceList sources;
  std::shared_ptr<void> keeps;
};

/// The plain meaning of framing: records without their ends, and the end of each.
struct PlainRecords {
  std::vector<std::string> texts;
  std::string ends;
  std::uint64_t oversized = 0;

  std::string bytes() const {
    std::string all;
    for (std::size_t i = 0; i < texts.size(); ++i) all += texts[i] + ends[i];
    return all;
  }
};

inline PlainRecords plain_records(std::string_view content, const Framing& framing) {
  const std::string_view ends = framing.kind == Framing::Kind::newline ? "\n" : " \t\n\v\f\r";
  PlainRecords records;
  while (!content.empty()) {
    const std::size_t length = std::min(content.find_first_of(ends), content.size());
    if (length > framing.max_record_bytes) {
      ++records.oversized;
    } else {
      records.texts.emplace_back(content.substr(0, length));
      records.ends += length < content.size() ? content[length] : '\n';
    }
    content.remove_prefix(std::min(length + 1, content.size()));
  }
  return records;
}

/// Everything a source returned.
struct Drained {
  std::string bytes;
  std::vector<std::string> texts;
  std::uint64_t oversized = 0;
};

inline Deadline in(std::chrono::nanoseconds time) {
  return std::chrono::steady_clock::now() + time;
}

inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What a source's marks tell now: what has changed since they were asked for last.
inline Marks news_of(Source& source) {
  Marks changed;
  source.marks(changed);
  return changed;
}

/// Takes over what has changed, so that `marks` has one for each partition, in order.
inline void update(Marks& marks, Source& source) {
  for (const Mark& mark : news_of(source)) {
    if (marks.size() <= mark.partition) marks.resize(mark.partition + 1);
    marks[mark.partition] = mark;
  }
}

/// How far sources came, together. REQUIRES: nobody has asked for their marks.
inline Resume resume_of(const SourceList& sources) {
  Resume resume;
  for (const auto& source : sources) {
    const auto first = static_cast<std::uint32_t>(resume.partitions.size());
    resume.partitions.insert(resume.partitions.end(), source->partitions().begin(), source->partitions().end());
    for (Mark mark : news_of(*source)) {
      mark.partition += first;
      resume.marks.push_back(mark);
    }
  }
  return resume;
}

using Read = std::function<ReadResult(std::span<std::byte> into, const Records& records)>;

/// One read into `room` bytes, with a second one if the record asks for more.
inline ReadResult read_some(const Read& read, std::size_t room, Drained& drained) {
  std::vector<std::byte> into(room);
  std::vector<std::uint32_t> ends = {99};
  ReadResult result = read(into, {.ends = &ends});
  drained.oversized += result.oversized;
  if (result.status == ReadResult::Status::too_big) {
    EXPECT_GT(result.bytes, room);
    into.resize(result.bytes);
    result = read(into, {.ends = &ends});
    drained.oversized += result.oversized;
    EXPECT_EQ(result.status, ReadResult::Status::data);
  }
  EXPECT_EQ(result.status == ReadResult::Status::data, result.bytes > 0);
  EXPECT_EQ(ends.empty(), result.bytes == 0);
  EXPECT_LE(result.bytes, into.size());
  std::size_t at = 0;
  for (const std::uint32_t end : ends) {
    drained.texts.emplace_back(text_of(into).substr(at, end - at));
    at = end + 1;
  }
  EXPECT_EQ(at, result.bytes) << "the last record has its end";
  drained.bytes += text_of(std::span(into).first(result.bytes));
  return result;
}

inline ReadResult read_some(Source& source, std::size_t room, Drained& drained) {
  const auto read = [&](std::span<std::byte> into, const Records& records) {
    return source.read(into, records, in(10s));
  };
  return read_some(read, room, drained);
}

/// What a source hands over when reading stops before its end.
inline Drained stop(Source& source, std::size_t room) {
  const auto read = [&](std::span<std::byte> into, const Records& records) {
    return source.drain(into, records);
  };
  Drained drained;
  ReadResult result;
  do result = read_some(read, room, drained);
  while (result.status == ReadResult::Status::data);
  EXPECT_EQ(result.status, ReadResult::Status::end);
  return drained;
}

/// Reads to the end.
inline Drained drain(Source& source, std::size_t room) {
  Drained drained;
  for (;;) {
    const auto status = read_some(source, room, drained).status;
    if (status == ReadResult::Status::end) return drained;
    if (::testing::Test::HasFailure()) return drained;
  }
}

inline Drained drain(const SourceList& sources, std::size_t room) {
  Drained all;
  for (const auto& source : sources) {
    Drained one = drain(*source, room);
    all.bytes += one.bytes;
    all.texts.insert(all.texts.end(), one.texts.begin(), one.texts.end());
    all.oversized += one.oversized;
  }
  return all;
}

}  // namespace millrace::testing
