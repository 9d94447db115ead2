// Directories for a file per epoch, files to be replaced, and what is written to as it is.
// SPDX-License-Identifier: Apache-2.0
#include "io/file/path_sink.h"

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>

#include <millrace/error.h>
#include "base/disk/given_descriptors.h"

#include "io/file/file_sink.h"
#include "io/file/output_path.h"
#include "io/stdio/stdout_sink.h"

namespace millrace::io {
namespace {

using Kind = OutputPath::Kind;

// "/", "./", "a/..": a place that is for other things, too.
bool has_no_name(std::string_view path) {
  const std::size_t last = path.find_last_not_of('/');
  if (last == std::string_view::npos) return true;
  path = path.substr(0, last + 1);
  const std::string_view name = path.substr(path.find_last_of('/') + 1);
  return name == "." || name == "..";
}

void require_directory(const std::string& path, const OutputPath& output) {
  const std::string shown = excerpt(path);
  if (has_no_name(path))
    throw ConfigError({shown +
                       " would get a file for each epoch, among all else that is there: name a directory of "
                       "their own, as in " +
                       shown + (path.ends_with('/') ? "" : "/") + "counts/"});
  if (output.kind != Kind::directory && output.kind != Kind::absent)
    throw ConfigError({shown + " is no directory: write it without the last slash, or name another"});
}

void require_file(const std::string& path, const OutputPath& output, const RowLayout& layout) {
  const std::string shown = excerpt(path);
  if (output.kind == Kind::directory)
    throw ConfigError({shown + " is a directory: write " + shown + "/ to put a file for each epoch into it"});
  if (output.kind == Kind::other)
    throw ConfigError(
        {"cannot write to " + shown + ", which is a socket or a disk: name a file, a FIFO or stdout:"});
  if (layout.windowed)
    throw ConfigError(
        {"windows go to a directory, with a file for each epoch: write the path as " + shown + '/'});
  std::error_code error;
  const std::filesystem::path parent = output.path.parent_path();
  const auto type = std::filesystem::status(parent, error).type();
  if (type == std::filesystem::file_type::none)
    throw IoError::from_errno("cannot write " + shown, error.value());
  if (type != std::filesystem::file_type::directory)
    throw ConfigError({"cannot write " + shown + ": there is no directory " + excerpt(parent.string())});
}

// A partial result replaces an earlier one, and nothing else.
void require_room_for_partial(const std::string& path, const OutputPath& output) {
  using std::filesystem::file_type;
  const std::filesystem::path partial = partial_of(output.path);
  std::error_code error;
  const file_type type = std::filesystem::symlink_status(partial, error).type();
  if (type == file_type::none)
    throw IoError::from_errno("cannot write a partial result of " + excerpt(path), error.value());
  if (type != file_type::regular && type != file_type::not_found)
    throw ConfigError({"a partial result of " + excerpt(path) + " would go to " + excerpt(partial.string()) +
                       ", which is no regular file: move that away, or name another output"});
}

}  // namespace

std::unique_ptr<Sink> open_path(const std::string& path, const RowLayout& layout, Disk& disk,
                                const OnEvent& on_event) {
  const OutputPath output = follow(path);
  if (path.ends_with('/') || (output.kind == Kind::directory && has_no_name(path))) {
    require_directory(path, output);
    return std::make_unique<FileSink>(layout, output.path, FileSink::Kind::directory, disk, on_event);
  }
  if (output.kind == Kind::descriptor) {
    if (!is_given_descriptor(output.descriptor))
      throw IoError::from_errno("cannot write to " + excerpt(path), EBADF);
    return std::make_unique<StdoutSink>(layout, Outlet(output.descriptor, path));
  }
  if (output.kind == Kind::stream)
    return std::make_unique<StdoutSink>(layout, Outlet(output.path.string(), on_event));
  require_file(path, output, layout);
  require_room_for_partial(path, output);
  return std::make_unique<FileSink>(layout, output.path, FileSink::Kind::file, disk, on_event);
}

}  // namespace millrace::io
