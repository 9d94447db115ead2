// Going on with files that an earlier run has begun.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <millrace/source.h>

#include "io/file/file_source.h"

namespace millrace::io {

/// What is left to read of `files`, as ranges: what the partitions of a known file do not cover was read. A
/// file is found again by its identity and how it began, and so under another name, too; one that is not known
/// is new. What has grown goes on; a file that was read to its end need not be there any more, and another one
/// may have its name.
///
/// Appends to `problems`, as sentences: a file that is another one now, or has become shorter, or is missing,
/// before it was read to its end; and one that grew behind a last record without an end, which was counted.
std::vector<FilePart> ranges_left(std::vector<FilePart> files, const Resume& resume, Framing::Kind framing,
                                  std::vector<std::string>& problems);

}  // namespace millrace::io
