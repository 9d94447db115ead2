// Finding files again, and what is left of each.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/ranges_left.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <millrace/error.h>

#include "io/file/file_beginning.h"
#include "io/record_ends.h"

namespace millrace::io {
namespace {

/// What an earlier run knew of one file under one name.
struct KnownFile {
  struct Range {
    std::uint64_t next = 0;
    std::uint64_t end = 0;
    bool aligned = true;
    bool done = false;
  };
  Identity identity;
  Beginning beginning;
  std::string name;
  std::vector<Range> ranges;
  bool found = false;

  bool done() const { return std::ranges::all_of(ranges, &Range::done); }
  /// The range that came last in the file.
  const Range& last() const { return *std::ranges::max_element(ranges, {}, &Range::end); }
};

class KnownFiles {
 public:
  explicit KnownFiles(const Resume& resume) {
    for (const Mark& mark : resume.marks) {
      const Partition& partition = resume.partitions.at(mark.partition);
      if (!partition.identity) continue;  // no file
      const auto [place, is_new] =
          by_name_.try_emplace({partition.name, key(partition.identity)}, files_.size());
      if (is_new) files_.push_back({partition.identity, partition.beginning, partition.name, {}});
      files_[place->second].ranges.push_back({static_cast<std::uint64_t>(mark.next),
                                              static_cast<std::uint64_t>(partition.end), partition.aligned,
                                              mark.done});
    }
    for (KnownFile& file : files_) by_identity_.emplace(key(file.identity), &file);
  }

  /// The same file, under this name if it had it.
  KnownFile* find(const FilePart& file) {
    const auto named = by_name_.find({file.name, key(file.identity)});
    if (named != by_name_.end()) return &files_[named->second];
    const auto [first, last] = by_identity_.equal_range(key(file.identity));
    const auto renamed = std::find_if(first, last, [](const auto& each) { return !each.second->found; });
    return renamed == last ? nullptr : renamed->second;
  }
  /// Of other files that had this name, one that is not there under another: first one that was not read to its
  /// end.
  const KnownFile* lost(const std::string& name) const {
    const KnownFile* lost = nullptr;
    for (auto each = by_name_.lower_bound({name, {}}); each != by_name_.end() && each->first.first == name;
         ++each) {
      const KnownFile& file = files_[each->second];
      if (!file.found && (lost == nullptr || lost->done())) lost = &file;
    }
    return lost;
  }
  const std::vector<KnownFile>& all() const { return files_; }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  static Key key(const Identity& identity) { return {identity.device, identity.inode}; }

  std::vector<KnownFile> files_;
  std::map<std::pair<std::string, Key>, std::size_t> by_name_;
  std::multimap<Key, KnownFile*> by_identity_;
};

/// Calls with an open descriptor of it.
template <class Look>
auto look_into(const FilePart& file, Look look) {
  return file.opened ? look(file.opened->file()) : look(open_for_reading(file.path));
}

// A number of a removed file is given to the next one.
bool begins_alike(const FilePart& file, const KnownFile& known) {
  const std::uint32_t length = std::min(known.beginning.length, Beginning::kLengthMax);
  if (file.beginning.length == length) return file.beginning == known.beginning;
  return file.beginning.length > length && look_into(file, [&](const Descriptor& opened) {
           return beginning_of(opened, file.path, length) == known.beginning;
         });
}

bool ends_a_record(const FilePart& file, std::uint64_t size, Framing::Kind framing) {
  std::array<std::byte, 1> last{};
  return size == file.begin || look_into(file, [&](const Descriptor& opened) {
           return read_at(opened, size - 1, last, file.path) == 1 && after_last_end(last, framing) == 1;
         });
}

/// Why it cannot be gone on with; empty: it can.
std::string problem_of(const FilePart& file, const KnownFile& known, Framing::Kind framing) {
  const KnownFile::Range& last = known.last();
  const std::string sizes = std::to_string(last.end) + " to " + std::to_string(file.size) + " bytes";
  if (file.size < last.end)
    return "cannot go on with " + excerpt(file.path) + ": it has become shorter, from " + sizes;
  if (file.size > last.end && last.done && !ends_a_record(file, last.end, framing))
    return "cannot go on with " + excerpt(file.path) + ": it has grown, from " + sizes +
           ", and its last record, which was counted, had no end: let whoever writes it end each record";
  return "";
}

// A file that is done is kept, as an empty range behind all that was read: its size is known by that.
void add_ranges(const FilePart& file, const KnownFile& known, std::vector<FilePart>& left) {
  const KnownFile::Range& last = known.last();
  for (const KnownFile::Range& range : known.ranges) {
    if (range.done) continue;
    left.push_back(file);
    left.back().begin = range.next;
    left.back().end = &range == &last ? file.size : range.end;
    left.back().aligned = range.aligned;
  }
  if (!last.done) return;
  left.push_back(file);
  left.back().begin = last.end;
}

// A file that was not read under the name that it has now.
void add_new(FilePart file, const KnownFiles& known, FilesLeft& left) {
  const KnownFile* lost = known.lost(file.name);
  if (lost != nullptr && !lost->done()) {
    left.problems.push_back("cannot go on with " + excerpt(file.path) +
                            ": it is another file than the one that was not read to its end");
    return;
  }
  if (lost != nullptr)
    left.warnings.push_back(excerpt(file.path) +
                            " is another file than the one of that name that was counted: both are");
  left.ranges.push_back(std::move(file));
}

}  // namespace

FilesLeft ranges_left(std::vector<FilePart> files, const Resume& resume, Framing::Kind framing) {
  KnownFiles known(resume);
  FilesLeft left;
  std::vector<FilePart> others;
  std::set<std::string> names;
  for (FilePart& file : files) {
    names.insert(file.name);
    KnownFile* before = known.find(file);
    if (before == nullptr || (file.size >= before->beginning.length && !begins_alike(file, *before))) {
      others.push_back(std::move(file));
      continue;
    }
    before->found = true;
    std::string problem = problem_of(file, *before, framing);
    if (problem.empty())
      add_ranges(file, *before, left.ranges);
    else
      left.problems.push_back(std::move(problem));
  }
  for (FilePart& file : others) add_new(std::move(file), known, left);
  for (const KnownFile& file : known.all())
    if (!file.found && !file.done() && !names.contains(file.name))
      left.problems.push_back("cannot go on without " + excerpt(file.name) + ": it was not read to its end");
  return left;
}

}  // namespace millrace::io
