// Going on with files that an earlier run has begun.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <millrace/source.h>

#include "io/file/file_source.h"

namespace millrace::io {

struct FilesLeft {
  std::vector<FilePart> ranges;
  /// As sentences: a file that is another one now, or has become shorter, or is missing, before it was read to
  /// its end; and one that grew behind a last record without an end, which was counted.
  std::vector<std::string> problems;
  /// A file that is new under the name of one that was read to its end, and is not there any more.
  std::vector<std::string> warnings;
};

/// What is left to read of `files`, as ranges: what the partitions of a known file do not cover was read. A
/// file is found again by its identity and how it began, and so under another name, too; one that is not known
/// is new. What has grown goes on; a file that was read to its end need not be there any more, and another one
/// may have its name.
FilesLeft ranges_left(std::vector<FilePart> files, const Resume& resume, Framing::Kind framing);

}  // namespace millrace::io
