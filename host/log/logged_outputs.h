// The outputs of a job as its log knows them: which epochs each was given.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <millrace/types.h>

#include "host/log/frame.h"

namespace millrace {

/// An output is given each epoch from `first` on, until a run leaves it out.
struct LoggedOutput {
  std::string name;  ///< see output_name
  EpochId first;
  EpochId end;  ///< the first one that it was not given; 0: it is one of the last run
  bool operator==(const LoggedOutput&) const = default;
};

/// Writes a section of all of them, for a key frame; none if there are none.
void write_outputs(FrameWriter& frame, const std::vector<LoggedOutput>& outputs);

/// Adds those of a chunk. Throws CorruptError.
void read_outputs(std::string_view chunk, std::vector<LoggedOutput>& outputs);

}  // namespace millrace
