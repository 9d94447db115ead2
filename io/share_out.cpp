// Dealing files and ranges of files to readers.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "io/file_source.h"

namespace millrace::io {
namespace {

FilePart range_of(const FilePart& file, std::uint64_t begin, std::uint64_t end) {
  FilePart range = file;
  if (begin == file.begin && end == file.end) return range;
  range.begin = begin;
  range.end = end;
  range.may_split_record = begin != file.begin;
  range.partition += '@' + std::to_string(begin) + '-' + std::to_string(end);
  return range;
}

}  // namespace

std::vector<std::vector<FilePart>> share_out(const std::vector<FilePart>& files, unsigned readers,
                                             std::uint64_t smallest) {
  readers = std::max(readers, 1U);
  std::uint64_t total = 0;
  for (const FilePart& file : files) total += file.end - file.begin;
  const std::uint64_t stretch = total / readers + 1;

  std::vector<std::vector<FilePart>> shares(readers);
  std::size_t reader = 0;
  std::uint64_t tape = 0;  // where the file starts on the tape of all files
  for (const FilePart& file : files) {
    const std::uint64_t length = file.end - file.begin;
    std::uint64_t from = 0;
    while (reader + 1 < readers && stretch * (reader + 1) < tape + length) {
      const std::uint64_t next_stretch = stretch * (reader + 1);
      std::uint64_t to = next_stretch > tape ? next_stretch - tape : 0;
      if (to < from + smallest) to = from;
      if (length - to < smallest && to > from) break;
      if (to > from) shares[reader].push_back(range_of(file, file.begin + from, file.begin + to));
      from = to;
      ++reader;
    }
    shares[reader].push_back(range_of(file, file.begin + from, file.end));
    tape += length;
  }
  std::erase_if(shares, [](const auto& share) { return share.empty(); });
  return shares;
}

}  // namespace millrace::io
