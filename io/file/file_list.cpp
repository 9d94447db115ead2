// Looking at paths before anything is read.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/file_list.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <new>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <millrace/error.h>
#include "base/disk/given_descriptors.h"
#include "base/text/shell_word.h"

#include "io/file/file_beginning.h"
#include "io/file/output_path.h"

namespace millrace::io {
namespace {

std::string text_of(int error_number) {
  return std::generic_category().message(error_number);
}

bool is_pattern(const std::string& path) {
  return path.find_first_of("*?[") != std::string::npos;
}

struct Unreadable {
  std::string directory;
  int reason = 0;
};

struct Matches {
  std::vector<std::string> paths;
  std::vector<Unreadable> unreadable;  ///< directories in which there may be more
};

// glob hands its callback nothing of ours.
thread_local std::vector<Unreadable> unreadable_of_this_glob;

Matches matches_of(const std::string& pattern) {
  glob_t found{};
  Matches matches;
  const auto note = [](const char* directory, int reason) {
    unreadable_of_this_glob.push_back({directory, reason});
    return 0;
  };
  const int result = ::glob(pattern.c_str(), 0, note, &found);
  if (result == 0) matches.paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  matches.unreadable = std::exchange(unreadable_of_this_glob, {});
  if (result == GLOB_NOSPACE) throw std::bad_alloc();
  return matches;
}

std::string files_of(const std::string& directory) {
  return excerpt(directory) + (directory.ends_with('/') ? "*" : "/*");
}

// To glob, ** is *: it would stand for one level, and leave the others out without a word.
std::string each_level(const std::string& pattern) {
  const std::size_t stars = pattern.find("**");
  const std::string base = pattern.substr(0, stars);
  const std::string name = pattern.substr(pattern.rfind('/') + 1);  // npos + 1 is 0
  const std::string last = name.find("**") == std::string::npos ? name : "*";
  return "** is not understood: name each level, as in " + excerpt(base + last, 60) + ' ' +
         excerpt(base + "*/" + last, 60) + ", or use find " +
         shell_word(base.empty() ? "." : base, "DIRECTORY") + " -name '" + excerpt(last, 60) +
         "' -print0 | xargs -0 cat | millrace ...";
}

// Files made by the kernel as they are read say that they are empty.
bool has_unknown_size(const std::string& path, const struct stat& status) {
  if (status.st_size > 0) return false;
  std::array<std::byte, 1> byte{};
  return read_at(open_for_reading(path), 0, byte, path) > 0;
}

// What the program has opened for itself. Links from elsewhere to a regular file among that are not looked for.
bool is_our_own(const std::string& path, const struct stat& status) {
  if (S_ISREG(status.st_mode) && !path.starts_with("/dev/std") && path.find("/fd/") == std::string::npos)
    return false;
  const auto descriptor = descriptor_of(path);
  return descriptor && !is_given_descriptor(*descriptor);
}

class Lister {
 public:
  explicit Lister(const OnBeginning& on_beginning) : beginning_(on_beginning) {}
  void add(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) return add(path, status);
    const int reason = errno;
    if (reason != ENOENT || !is_pattern(path)) return complain(path, text_of(reason));
    if (path.find("**") != std::string::npos) return complain(path, each_level(path));
    add_matches(path);
  }
  FileList take() {
    for (const auto& [content, files] : not_text_)
      list_.not_text.push_back(why_not_counted(content, files.first, files.others));
    return std::move(list_);
  }

 private:
  void add(const std::string& path, const struct stat& status) {
    if (S_ISDIR(status.st_mode)) return skip(path, "is a directory; name its files, as in " + files_of(path));
    if (is_our_own(path, status)) return complain(path, text_of(EBADF));
    if (::access(path.c_str(), R_OK) != 0) return complain(path, text_of(errno));
    if (!S_ISREG(status.st_mode) || has_unknown_size(path, status)) return list_.streams.push_back(path);
    const Descriptor file = open_for_reading(path);
    const FirstBytes first = beginning_.look(file, path);
    if (first.content != Content::text) return add_not_text(first.content, path);
    const auto size = static_cast<std::uint64_t>(status.st_size);
    list_.files.push_back({path, new_name(path), first.mark, size, size});
    list_.files.back().identity = {status.st_dev, status.st_ino};
    list_.files.back().beginning = beginning_of(file, path, Beginning::kLengthMax);
  }
  void add_not_text(Content content, const std::string& path) {
    const auto [files, is_first] = not_text_.try_emplace(content, NotText{path});
    if (!is_first) ++files->second.others;
  }
  void add_matches(const std::string& pattern) {
    const Matches matches = matches_of(pattern);
    bool any = false;
    for (const std::string& match : matches.paths) {
      struct stat status {};
      const bool known = ::stat(match.c_str(), &status) == 0;
      if (known && S_ISDIR(status.st_mode)) continue;
      any = true;
      if (known)
        add(match, status);
      else
        complain(match, text_of(errno));
    }
    const bool nothing = matches.paths.empty();
    for (const auto& [directory, reason] : matches.unreadable) {
      if (nothing || reason != EACCES)
        complain(directory, text_of(reason));
      else
        skip(directory, text_of(reason));
    }
    if (nothing)
      complain(pattern, "no file matches this pattern");
    else if (!any)
      skip(pattern, "matches only directories; name their files, as in " + files_of(pattern));
  }
  // For partitions. A file named "a#2" may stand beside one named "a" that is read twice.
  std::string new_name(const std::string& path) {
    std::string name = path;
    while (!times_.try_emplace(name, 1).second) name = path + '#' + std::to_string(++times_[path]);
    return name;
  }
  void complain(const std::string& path, const std::string& reason) {
    list_.problems.push_back("cannot read " + excerpt(path) + ": " + reason);
  }
  void skip(const std::string& path, const std::string& reason) {
    list_.skipped.push_back(excerpt(path) + ": " + reason);
  }

  struct NotText {
    std::string first;
    std::size_t others = 0;
  };

  FileList list_;
  FileBeginning beginning_;
  std::map<Content, NotText> not_text_;
  std::unordered_map<std::string, unsigned> times_;
};

}  // namespace

FileList list_files(std::span<const std::string> paths, const OnBeginning& on_beginning) {
  Lister lister(on_beginning);
  for (const std::string& path : paths) lister.add(path);
  return lister.take();
}

bool matches_something(const std::string& pattern) {
  return is_pattern(pattern) && pattern.find('\0') == std::string::npos && !matches_of(pattern).paths.empty();
}

std::optional<FilePart> as_file(int number, const std::string& name, const OnBeginning& on_beginning) {
  Descriptor opened = duplicate(number, name);
  struct stat status {};
  if (::fstat(opened.get(), &status) != 0) throw IoError::from_errno("cannot read " + name, errno);
  if (S_ISDIR(status.st_mode)) throw ConfigError({"cannot read " + excerpt(name) + ": it is a directory"}, 66);
  if (!S_ISREG(status.st_mode) || status.st_size == 0) return std::nullopt;
  const off_t here = ::lseek(opened.get(), 0, SEEK_CUR);
  if (here < 0) throw IoError::from_errno("cannot read " + name, errno);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto offset = static_cast<std::uint64_t>(here);
  // Whoever has read the front already knows what it is.
  const FirstBytes first = offset == 0 ? FileBeginning(on_beginning).look(opened, name) : FirstBytes();
  if (first.content != Content::text) throw ConfigError({why_not_counted(first.content, name)}, 65);
  FilePart file{name, name, std::min(offset + first.mark, size), size, size};
  file.identity = {status.st_dev, status.st_ino};
  file.beginning = beginning_of(opened, name, Beginning::kLengthMax);
  file.opened = std::make_shared<SharedInput>(std::move(opened), offset);
  return file;
}

}  // namespace millrace::io
