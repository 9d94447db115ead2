// The list of schemes.
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <millrace/error.h>
#include <millrace/sink.h>
#include <millrace/source.h>

#include "base/text/suggest.h"
#include "io/discard_sink.h"
#include "io/elsewhere.h"
#include "io/file/file_list.h"
#include "io/file/output_path.h"
#include "io/file/path_sink.h"
#include "io/format/format.h"
#include "io/generate/generator_source.h"
#include "io/stdio/pipe_source.h"
#include "io/stdio/stdout_sink.h"
#include "io/tcp/tcp_source.h"
#include "io/uri.h"

namespace millrace {
namespace {

using io::Uri;

constexpr int kNotText = 65;
constexpr int kInputMissing = 66;
constexpr int kNamedTwice = 78;
constexpr std::size_t kSkippedTold = 8;
constexpr std::array<std::string_view, 4> kSourceSchemes = {"file", "stdin", "tcp", "generate"};
constexpr std::array<std::string_view, 3> kSinkSchemes = {"file", "stdout", "discard"};

// `pipe`: by what other program it is done; empty if that is not known.
void refuse_elsewhere(const std::string& address, const std::string& pipe) {
  if (!pipe.empty())
    throw ConfigError({"the address \"" + excerpt(address) + "\" is not for this version; use " + pipe});
}

[[noreturn]] void unknown_scheme(const Uri& uri, std::span<const std::string_view> known) {
  std::string text = "the address \"" + excerpt(uri.text) + "\" has the unknown scheme \"" +
                     excerpt(uri.scheme) + '"' + did_you_mean(uri.scheme, known) + ". Known are";
  for (const std::string_view scheme : known) text += ' ' + std::string(scheme) + ':';
  throw ConfigError({text + " (a file of that name is written ./" + excerpt(uri.text) + ')'});
}

void require_no_path(const Uri& uri) {
  if (!uri.path.empty())
    throw ConfigError(
        {"the address \"" + excerpt(uri.text) + "\" takes nothing behind \"" + uri.scheme + ":\""});
}

// "file:a/b", "file:/a/b" and "file:///a/b".
std::string file_path(const Uri& uri) {
  io::allow_keys(uri, {});
  std::string path = uri.path;
  if (!uri.scheme.empty() && path.starts_with("//")) path.erase(0, 2);
  if (path.empty() || (!uri.scheme.empty() && uri.path.starts_with("//") && path[0] != '/'))
    throw ConfigError(
        {"the address \"" + excerpt(uri.text) + "\" names no file here: write file:PATH or file:///PATH"});
  return path;
}

bool is_source_scheme(std::string_view scheme) {
  return std::ranges::any_of(kSourceSchemes,
                             [&](std::string_view known) { return io::is_same_scheme(scheme, known); });
}

// "web1:*.log" looks like an address of the scheme "web1".
bool is_pattern_of_files(const std::string& address) {
  const std::string_view scheme = io::scheme_of(address);
  return !scheme.empty() && !is_source_scheme(scheme) && io::matches_something(address);
}

// "web1:x.log" is more likely a file that is not there than an address of the scheme "web1".
bool is_missing_file(const std::string& address) {
  const std::string_view scheme = io::scheme_of(address);
  return !scheme.empty() && !is_source_scheme(scheme) && nearest(scheme, kSourceSchemes).empty() &&
         !address.substr(scheme.size()).starts_with("://") && address.find('\0') == std::string::npos;
}

/// Collects what the addresses name, and every problem on the way.
class Opener {
 public:
  explicit Opener(const SourceOptions& options) : options_(options) {}

  void add(const std::string& address) {
    try {
      if (address == "-") return add_stdin();
      refuse_elsewhere(address, io::pipe_from(address));
      if (is_pattern_of_files(address) || is_missing_file(address)) return paths_.push_back(address);
      const Uri uri = io::parse_address(address);
      if (uri.scheme.empty() || uri.scheme == "file")
        paths_.push_back(file_path(uri));
      else
        open(uri);
    } catch (const ConfigError& error) {
      complain(error.problems(), error.exit_code());
    }
  }

  SourceList take() {
    add_paths();
    if (!problems_.empty()) throw ConfigError(problems_, exit_code_);
    tell_windows_of_stored_files();
    for (std::vector<io::FilePart>& share : io::split_files(std::move(files_), options_.readers))
      sources_.push_back(
          std::make_unique<io::FileSource>(std::move(share), options_.framing, options_.on_event));
    return std::move(sources_);
  }

 private:
  // What is missing goes first, as an address may only be misspelt.
  void complain(const std::vector<std::string>& problems, int exit_code) {
    if (problems.empty()) return;
    if (problems_.empty() || exit_code == kInputMissing) exit_code_ = exit_code;
    problems_.insert(problems_.end(), problems.begin(), problems.end());
  }

  void open(const Uri& uri) {
    if (uri.scheme == "stdin") {
      require_no_path(uri);
      io::allow_keys(uri, {});
      add_stdin();
    } else if (uri.scheme == "tcp") {
      sources_.push_back(io::open_tcp(uri, options_));
    } else if (uri.scheme == "generate") {
      for (auto& source : io::open_generator(uri, options_)) sources_.push_back(std::move(source));
    } else {
      unknown_scheme(uri, kSourceSchemes);
    }
  }

  void add_stdin() {
    if (std::exchange(stdin_taken_, true))
      throw ConfigError({"standard input is named twice: it can be read once"});
    if (auto file = io::as_file(0, "stdin", options_.on_beginning))
      files_.push_back(*file);
    else
      sources_.push_back(std::make_unique<io::PipeSource>(io::duplicate(0, "stdin"), "stdin", options_));
  }

  void add_paths() {
    io::FileList list = io::list_files(paths_, options_.on_beginning);
    const bool nothing = files_.empty() && list.files.empty() && list.streams.empty() && sources_.empty() &&
                         list.not_text.empty();
    for (const std::string& skipped : list.skipped)
      if (nothing) list.problems.push_back("cannot read " + skipped);
    complain(list.problems, kInputMissing);
    complain(list.not_text, kNotText);
    refuse_repeated_streams(list.streams);
    std::ranges::move(list.files, std::back_inserter(files_));
    if (!problems_.empty()) return;
    tell_skipped(list.skipped);
    for (const std::string& path : list.streams)
      sources_.push_back(std::make_unique<io::PipeSource>(io::open_stream(path), path, options_));
  }

  // Each of two readers would get some of it, with words torn between them. A disk is read from its start by
  // each.
  void refuse_repeated_streams(const std::vector<std::string>& paths) {
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

  void tell_windows_of_stored_files() {
    if (!options_.windowed || files_.empty() || !sources_.empty() || !options_.on_event) return;
    options_.on_event(
        {Event::Level::warning,
         "windows are of the time at which input arrives, and stored files arrive at once: for one "
         "result leave --every out; windows of a time in the records are not in this version"});
  }

  void tell_skipped(const std::vector<std::string>& skipped) {
    if (!options_.on_event) return;
    const std::size_t told = std::min(skipped.size(), kSkippedTold);
    for (std::size_t i = 0; i < told; ++i) options_.on_event({Event::Level::warning, "skipped " + skipped[i]});
    if (told < skipped.size())
      options_.on_event({Event::Level::warning, "skipped " + std::to_string(skipped.size() - told) +
                                                    " more directories for such reasons"});
  }

  const SourceOptions& options_;
  std::vector<std::string> paths_;
  std::vector<io::FilePart> files_;
  SourceList sources_;
  std::vector<std::string> problems_;
  int exit_code_ = 0;
  bool stdin_taken_ = false;
};

}  // namespace

SourceList open_sources(std::span<const std::string> uris, const SourceOptions& options) {
  if (options.framing.kind == Framing::Kind::message)
    throw ConfigError({"these inputs are byte streams without messages: read them by lines"});
  Opener opener(options);
  for (const std::string& uri : uris) opener.add(uri);
  return opener.take();
}

Format format_for(const std::string& uri, Format asked) {
  if (asked != Format::automatic) return asked;
  try {
    const Uri parsed = io::parse_address(uri);
    const bool is_path = parsed.scheme.empty() || parsed.scheme == "file";
    if (const auto format = io::format_of_ending(parsed.path); is_path && format) return *format;
  } catch (const ConfigError&) {
    // open_sink tells what is wrong with it.
  }
  return ::isatty(STDOUT_FILENO) == 1 && output_identity(uri) == output_identity("-") ? Format::table
                                                                                      : Format::text;
}

bool is_input(const std::string& uri, const std::string& identity) {
  try {
    if (uri == "-" || uri == "stdin:") return io::identity_of_descriptor(STDIN_FILENO) == identity;
    std::string path = uri;
    if (!is_pattern_of_files(uri)) {
      const Uri parsed = io::parse_address(uri);
      if (!parsed.scheme.empty() && parsed.scheme != "file") return false;
      path = file_path(parsed);
    }
    return std::ranges::any_of(io::list_files(std::span(&path, 1)).files, [&](const io::FilePart& file) {
      return io::identity_of(file.id.device, file.id.inode) == identity;
    });
  } catch (const Error&) {
    return false;  // open_sources tells what is wrong with it
  }
}

std::unique_ptr<Sink> open_sink(const std::string& uri, const RowLayout& layout, Disk& disk,
                                const OnEvent& on_event) {
  RowLayout chosen = layout;
  chosen.format = format_for(uri, layout.format);
  if (uri == "-") return std::make_unique<io::StdoutSink>(chosen);
  refuse_elsewhere(uri, io::pipe_to(uri));
  const Uri parsed = io::parse_address(uri);
  if (parsed.scheme.empty() || parsed.scheme == "file")
    return io::open_path(file_path(parsed), chosen, disk, on_event);
  if (parsed.scheme != "stdout" && parsed.scheme != "discard") unknown_scheme(parsed, kSinkSchemes);
  require_no_path(parsed);
  io::allow_keys(parsed, {});
  if (parsed.scheme == "stdout") return std::make_unique<io::StdoutSink>(chosen);
  return std::make_unique<io::DiscardSink>();
}

std::string output_identity(const std::string& uri) {
  try {
    const Uri parsed = io::parse_address(uri);
    if (uri == "-" || parsed.scheme == "stdout") return io::identity_of_descriptor(STDOUT_FILENO);
    if (parsed.scheme.empty() || parsed.scheme == "file") return io::identity_of(io::follow(file_path(parsed)));
  } catch (const Error&) {
    // open_sink tells what is wrong with it.
  }
  return uri;
}

std::optional<PartialOutput> partial_output(const std::string& uri) {
  using Kind = io::OutputPath::Kind;
  try {
    const Uri parsed = io::parse_address(uri);
    if (uri == "-" || (!parsed.scheme.empty() && parsed.scheme != "file")) return std::nullopt;
    const std::string path = file_path(parsed);
    const io::OutputPath output = io::follow(path);
    if (path.ends_with('/') || (output.kind != Kind::file && output.kind != Kind::absent)) return std::nullopt;
    const std::string partial = io::partial_of(output.path).string();
    const io::OutputPath found = io::follow(partial);
    return PartialOutput{partial, io::identity_of(found), found.kind != Kind::absent};
  } catch (const Error&) {
    return std::nullopt;  // open_sink tells what is wrong with it
  }
}

}  // namespace millrace
