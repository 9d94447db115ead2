// Dealing files and ranges of files to readers.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "io/file/file_source.h"

namespace millrace::io {
namespace {

FilePart range_of(FilePart file, std::uint64_t begin, std::uint64_t end) {
  file.aligned = file.aligned && begin == file.begin;
  file.begin = begin;
  file.end = end;
  return file;
}

// So many that the readers' last ranges are soon read to their ends, and few enough to keep books of.
constexpr std::uint64_t kRangesMax = 1024;

void deal_in_turn(const FilePart& file, std::uint64_t smallest, std::vector<std::vector<FilePart>>& shares) {
  const std::uint64_t length = std::max(2 * smallest, (file.end - file.begin) / kRangesMax + 1);
  std::size_t reader = 0;
  std::uint64_t begin = file.begin;
  do {
    const std::uint64_t end = file.end - begin < 2 * length ? file.end : begin + length;
    shares[reader++ % shares.size()].push_back(range_of(file, begin, end));
    begin = end;
  } while (begin < file.end);
}

}  // namespace

std::vector<std::vector<FilePart>> split_files(std::vector<FilePart> files, unsigned readers,
                                               std::uint64_t smallest) {
  readers = std::max(readers, 1U);
  std::vector<std::vector<FilePart>> shares(readers);
  for (FilePart& file : files) {
    if (!file.opened) continue;
    file.told = std::make_shared<std::atomic_flag>();
    deal_in_turn(file, smallest, shares);
  }
  std::erase_if(files, [](const FilePart& file) { return file.opened != nullptr; });

  std::uint64_t total = 0;
  for (const FilePart& file : files) total += file.end - file.begin;
  const std::uint64_t stretch = total / readers + 1;

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
