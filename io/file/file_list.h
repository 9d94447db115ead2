// From paths and patterns to files that can be read.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "io/file/file_source.h"

namespace millrace::io {

struct FileList {
  std::vector<FilePart> files;        ///< regular files, whole
  std::vector<std::string> streams;   ///< paths of FIFOs and devices
  std::vector<std::string> problems;  ///< what is missing or cannot be read, as sentences
  std::vector<std::string> not_text;  ///< what is compressed or UTF-16, as sentences
  std::vector<std::string> skipped;   ///< directories, as "PATH: WHY"; no problem among other inputs
};

/// A path that does not exist but has one of `*?[` is a pattern: it stands for the files that match, in
/// sorted order, without directories; a directory that it may not look into is skipped. A file that is named
/// twice is read twice, and is the partition "PATH#2". A file begins behind its byte order mark.
FileList list_files(std::span<const std::string> paths, const OnBeginning& on_beginning = {});

/// Whether it is a pattern and something matches it.
bool matches_something(const std::string& pattern);

/// Whether an open descriptor, which stays its owner's, is a regular file: then it is read from where it
/// stands, and stands behind what was counted when the job is over. Throws IoError, ConfigError for a
/// directory and for what is no text.
std::optional<FilePart> as_file(int number, const std::string& name, const OnBeginning& on_beginning = {});

}  // namespace millrace::io
