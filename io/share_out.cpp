// Dealing files and ranges of files to readers.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "io/file_source.h"

namespace millrace::io {
namespace {

FilePart range_of(FilePart file, std::uint64_t begin, std::uint64_t end) {
  if (begin == file.begin && end == file.end) return file;
  file.may_split_record = begin != file.begin;
  file.begin = begin;
  file.end = end;
  file.partition += '@' + std::to_string(begin) + '-' + std::to_string(end);
  return file;
}

}  // namespace

std::vector<std::vector<FilePart>> share_out(std::vector<FilePart> files, unsigned readers,
                                             std::uint64_t smallest) {
  readers = std::max(readers, 1U);
  std::uint64_t total = 0;
  for (const FilePart& file : files) total += file.end - file.begin;
  const std::uint64_t stretch = total / readers + 1;

  std::vector<std::vector<FilePart>> shares(readers);
  std::size_t reader = 0;
  std::uint64_t tape = 0;  // where the file starts on the tape of all files
  for (FilePart& file : files) {
    const std::uint64_t length = file.end - file.begin;
    std::uint64_t from = 0;
    while (reader + 1 < readers && stretch * (reader + 1) < tape + length) {
      const std::uint64_t next_stretch = stretch * (reader + 1);
      std::uint64_t to = next_stretch > tape ? next_stretch - tape : 0;
      if (to < from + smallest) to = from;
      if (length - to < smallest && to > from) break;
      if (to > from) {
        if (!file.told) file.told = std::make_shared<std::atomic_flag>();
        shares[reader].push_back(range_of(file, file.begin + from, file.begin + to));
      }
      from = to;
      ++reader;
    }
    const std::uint64_t begin = file.begin + from;
    const std::uint64_t end = file.end;
    shares[reader].push_back(range_of(std::move(file), begin, end));
    tape += length;
  }
  std::erase_if(shares, [](const auto& share) { return share.empty(); });
  return shares;
}

}  // namespace millrace::io
