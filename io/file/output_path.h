// Where the path of an output leads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace millrace::io {

struct OutputPath {
  enum class Kind : std::uint8_t {
    absent,  ///< nothing is there yet
    file,    ///< a regular file, to be replaced
    directory,
    stream,      ///< a FIFO, a character device, or what another process has open: to be written to
    descriptor,  ///< open in this process: /dev/stdout, /dev/fd/N, what a shell makes of >(command)
    other,       ///< a socket or a disk
  };
  Kind kind = Kind::absent;
  std::filesystem::path path;  ///< absolute; all links are followed, one to a missing file, too
  int descriptor = -1;
};

/// Looks, and changes nothing. Throws IoError where the kernel does not let us follow or look.
OutputPath follow(const std::string& path);

/// Where a partial result of a file goes, so that it replaces no whole one.
std::filesystem::path partial_of(std::filesystem::path file);

/// The descriptor of this process that a path of an input or output leads to; nothing if it leads elsewhere.
std::optional<int> descriptor_of(const std::string& path);

/// The same text for all paths of one output: links, hard links, `d` and `d/`. Throws as follow does.
std::string identity_of(const OutputPath& output);

/// The same for what the kernel knows by these numbers.
std::string identity_of(std::uint64_t device, std::uint64_t inode);

/// The same for what is open, named or not.
std::string identity_of_descriptor(int descriptor);

}  // namespace millrace::io
