// Gathering, and all that can be wrong with it.
// SPDX-License-Identifier: Apache-2.0
#include "io/inputs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <millrace/error.h>

#include "base/text/suggest.h"
#include "io/file/file_list.h"
#include "io/file/ranges_left.h"
#include "io/schemes.h"
#include "io/stdio/pipe_source.h"
#include "io/uri.h"

namespace millrace::io {
namespace {

constexpr int kNotText = 65;
constexpr int kInputMissing = 66;
constexpr int kNamedTwice = 78;
constexpr std::size_t kSkippedTold = 8;

bool is_input_scheme(std::string_view scheme) {
  const std::vector<std::string_view> known = schemes_for(Use::input);
  return std::ranges::any_of(known, [&](std::string_view each) { return is_same_scheme(scheme, each); });
}

// "web1:x.log" is more likely a file that is not there than an address of the scheme "web1".
bool is_missing_file(const std::string& address) {
  const std::string_view scheme = scheme_of(address);
  return !scheme.empty() && !is_input_scheme(scheme) && nearest(scheme, schemes_for(Use::input)).empty() &&
         !address.substr(scheme.size()).starts_with("://") && address.find('\0') == std::string::npos;
}

}  // namespace

bool is_pattern_of_files(const std::string& address) {
  const std::string_view scheme = scheme_of(address);
  return !scheme.empty() && !is_input_scheme(scheme) && matches_something(address);
}

void Inputs::add(const std::string& address) {
  try {
    if (address == "-") return add_stdin();
    refuse_elsewhere(address, Use::input);
    if (is_pattern_of_files(address) || is_missing_file(address)) return add_path(address);
    const Uri uri = parse_address(address);
    find_scheme(uri, Use::input).add_input(uri, *this);
  } catch (const ConfigError& error) {
    complain(error.problems(), error.exit_code());
  }
}

SourceList Inputs::take() {
  open_paths();
  if (options_.resume != nullptr) go_on();
  if (!problems_.empty()) throw ConfigError(problems_, exit_code_);
  tell_windows_of_stored_files();
  for (std::vector<FilePart>& share : split_files(std::move(files_), options_.readers))
    sources_.push_back(std::make_unique<FileSource>(std::move(share), options_.framing, options_.on_event));
  return std::move(sources_);
}

// What is missing goes first, as an address may only be misspelt.
void Inputs::complain(const std::vector<std::string>& problems, int exit_code) {
  if (problems.empty()) return;
  if (problems_.empty() || exit_code == kInputMissing) exit_code_ = exit_code;
  problems_.insert(problems_.end(), problems.begin(), problems.end());
}

void Inputs::add_stdin() {
  if (std::exchange(stdin_taken_, true))
    throw ConfigError({"standard input is named twice: it can be read once"});
  if (auto file = as_file(0, "stdin", options_.on_beginning))
    files_.push_back(*file);
  else
    sources_.push_back(std::make_unique<PipeSource>(duplicate(0, "stdin"), "stdin", options_));
}

std::string Inputs::new_name(const std::string& address) {
  const unsigned times = ++times_[address];
  return times == 1 ? address : address + '#' + std::to_string(times);
}

// A file that an earlier run has read to its end may be gone.
bool Inputs::was_read(const std::string& path) const {
  if (options_.resume == nullptr || ::access(path.c_str(), F_OK) == 0) return false;
  bool any = false;
  for (const Mark& mark : options_.resume->marks) {
    const Partition& partition = options_.resume->partitions.at(mark.partition);
    if (partition.name != path) continue;
    if (!partition.identity || !mark.done) return false;
    any = true;
  }
  return any;
}

void Inputs::open_paths() {
  std::erase_if(paths_, [this](const std::string& path) { return was_read(path); });
  FileList list = list_files(paths_, options_.on_beginning);
  const bool nothing =
      files_.empty() && list.files.empty() && list.streams.empty() && sources_.empty() && list.not_text.empty();
  for (const std::string& skipped : list.skipped)
    if (nothing) list.problems.push_back("cannot read " + skipped);
  complain(list.problems, kInputMissing);
  complain(list.not_text, kNotText);
  refuse_repeated_streams(list.streams);
  std::ranges::move(list.files, std::back_inserter(files_));
  if (!problems_.empty()) return;
  tell_skipped(list.skipped);
  for (const std::string& path : list.streams)
    sources_.push_back(std::make_unique<PipeSource>(open_stream(path), path, options_));
}

void Inputs::go_on() {
  FilesLeft left = ranges_left(std::move(files_), *options_.resume, options_.framing.kind);
  files_ = std::move(left.ranges);
  complain(left.problems, kInputMissing);
  refuse_lost_records();
  if (!problems_.empty() || !options_.on_event) return;
  for (const std::string& warning : left.warnings) options_.on_event({Event::Level::warning, warning});
}

// What is made of other words is another input, though it is counted with what was made before.
void Inputs::refuse_lost_records() {
  std::set<std::string> names;
  for (const auto& source : sources_)
    for (const Partition& partition : source->partitions()) names.insert(partition.name);
  for (const Mark& mark : options_.resume->marks) {
    const Partition& partition = options_.resume->partitions.at(mark.partition);
    if (mark.done || !partition.name.starts_with("generate:") || !names.insert(partition.name).second) continue;
    complain({"cannot go on without " + excerpt(partition.name) + ": it was not read to its end"},
             kInputMissing);
  }
}

// Each of two readers would get some of it, with words torn between them. A disk is read from its start by
// each.
void Inputs::refuse_repeated_streams(const std::vector<std::string>& paths) {
  std::map<std::pair<dev_t, ino_t>, std::string> names;
  struct stat status {};
  if (stdin_taken_ && ::fstat(STDIN_FILENO, &status) == 0)
    names[{status.st_dev, status.st_ino}] = "standard input";
  for (const std::string& path : paths) {
    if (::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)) continue;
    const auto [known, is_new] = names.try_emplace({status.st_dev, status.st_ino}, excerpt(path));
    if (is_new) continue;
    const std::string how = known->second == excerpt(path)
                                ? " is named twice"
                                : " is " + known->second + ", which is so named twice";
    complain({excerpt(path) + how + ": it can be read once"}, kNamedTwice);
  }
}

void Inputs::tell_windows_of_stored_files() {
  if (!options_.windowed || files_.empty() || !sources_.empty() || !options_.on_event) return;
  options_.on_event({Event::Level::warning,
                     "windows are of the time at which input arrives, and stored files arrive at once: for one "
                     "result leave --every out; windows of a time in the records are not in this version"});
}

void Inputs::tell_skipped(const std::vector<std::string>& skipped) {
  if (!options_.on_event) return;
  const std::size_t told = std::min(skipped.size(), kSkippedTold);
  for (std::size_t i = 0; i < told; ++i) options_.on_event({Event::Level::warning, "skipped " + skipped[i]});
  if (told < skipped.size())
    options_.on_event({Event::Level::warning, "skipped " + std::to_string(skipped.size() - told) +
                                                  " more directories for such reasons"});
}

}  // namespace millrace::io
