// Addresses of inputs and outputs: opening them, and telling which mean one thing.
// SPDX-License-Identifier: Apache-2.0
#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>

#include <millrace/error.h>
#include <millrace/sink.h>
#include <millrace/source.h>

#include "io/file/file_list.h"
#include "io/file/output_path.h"
#include "io/format/format.h"
#include "io/inputs.h"
#include "io/schemes.h"
#include "io/stdio/stdout_sink.h"
#include "io/uri.h"

namespace millrace {

using io::Uri;
using io::Use;

SourceList open_sources(std::span<const std::string> uris, const SourceOptions& options) {
  if (options.framing.kind == Framing::Kind::message)
    throw ConfigError({"these inputs are byte streams without messages: read them by lines"});
  io::Inputs inputs(options);
  for (const std::string& uri : uris) inputs.add(uri);
  return inputs.take();
}

Format format_for(const std::string& uri, Format asked) {
  if (asked != Format::automatic) return asked;
  try {
    const Uri parsed = io::parse_address(uri);
    if (const auto format = io::format_of_ending(parsed.path); io::names_file(parsed) && format) return *format;
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
    if (!io::is_pattern_of_files(uri)) {
      const Uri parsed = io::parse_address(uri);
      if (!io::names_file(parsed)) return false;
      path = io::file_path(parsed);
    }
    return std::ranges::any_of(io::list_files(std::span(&path, 1)).files, [&](const io::FilePart& file) {
      return io::identity_of(file.identity.device, file.identity.inode) == identity;
    });
  } catch (const Error&) {
    return false;  // open_sources tells what is wrong with it
  }
}

bool names_input(const std::string& uri, const std::filesystem::path& path) {
  const auto whole = [](const std::filesystem::path& each) {
    return std::filesystem::absolute(each).lexically_normal().string();
  };
  try {
    std::string named = uri;
    if (!io::is_pattern_of_files(uri)) {
      const Uri parsed = io::parse_address(uri);
      if (uri == "-" || !io::names_file(parsed)) return false;
      named = io::file_path(parsed);
    }
    return ::fnmatch(whole(named).c_str(), whole(path).c_str(), FNM_PATHNAME | FNM_PERIOD) == 0 ||
           whole(named) == whole(path);
  } catch (const Error&) {
    return false;  // open_sources tells what is wrong with it
  }
}

std::unique_ptr<Sink> open_sink(const std::string& uri, const RowLayout& layout, Disk& disk,
                                const OnEvent& on_event) {
  RowLayout chosen = layout;
  chosen.format = format_for(uri, layout.format);
  if (uri == "-") return std::make_unique<io::StdoutSink>(chosen);
  io::refuse_elsewhere(uri, Use::output);
  const Uri parsed = io::parse_address(uri);
  return io::find_scheme(parsed, Use::output).open_output(parsed, chosen, disk, on_event);
}

std::string output_identity(const std::string& uri) {
  try {
    const Uri parsed = io::parse_address(uri);
    if (uri == "-" || parsed.scheme == "stdout") return io::identity_of_descriptor(STDOUT_FILENO);
    if (io::names_file(parsed)) return io::identity_of(io::follow(io::file_path(parsed)));
  } catch (const Error&) {
    // open_sink tells what is wrong with it.
  }
  return uri;
}

std::string output_name(const std::string& uri) {
  try {
    const Uri parsed = io::parse_address(uri);
    if (uri == "-" || parsed.scheme == "stdout") return "stdout:";
    if (io::names_file(parsed))
      return std::filesystem::absolute(io::file_path(parsed)).lexically_normal().string();
  } catch (const Error&) {
    // open_sink tells what is wrong with it.
  }
  return uri;
}

std::optional<PartialOutput> partial_output(const std::string& uri) {
  using Kind = io::OutputPath::Kind;
  try {
    const Uri parsed = io::parse_address(uri);
    if (uri == "-" || !io::names_file(parsed)) return std::nullopt;
    const std::string path = io::file_path(parsed);
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
