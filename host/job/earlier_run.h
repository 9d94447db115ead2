// What an earlier run of a job has left in its checkpoint.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include <millrace/disk.h>
#include <millrace/job.h>
#include <millrace/source.h>

#include "host/engine/reader_mailbox.h"
#include "host/log/recovered.h"

namespace millrace {

struct EarlierRun {
  Recovered recovered;
  Resume inputs;
  std::uint64_t birth = 0;  ///< see JobId
};

/// Looks at the job's checkpoint: changes nothing and takes no lock. Nothing: there is none, or it is empty.
/// Throws ConfigError (77) where it is of another job, IoError where it is damaged or could not be written to.
/// REQUIRES: the job has no problems.
std::optional<EarlierRun> look_for_earlier_run(const Job& job, Disk& disk);

/// Whether the run came to the end of its job, and its inputs have not grown since.
bool is_over(const EarlierRun& earlier, const std::vector<ReaderPosition>& positions);

}  // namespace millrace
