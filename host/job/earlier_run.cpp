// Looking at a checkpoint before anything is opened.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/earlier_run.h"

#include <algorithm>
#include <utility>

#include "host/job/zstd_codec.h"
#include "host/log/checkpoint.h"

namespace millrace {

std::optional<EarlierRun> look_for_earlier_run(const Job& job, Disk& disk) {
  const std::filesystem::path directory = job.checkpoint;
  disk.probe(directory / segment_name(1));
  const std::unique_ptr<Codec> codec = make_zstd_codec();
  std::optional<EarlierRun> earlier;
  look_steadily(disk, directory, [&] {
    const Checkpoint found(disk, directory, codec.get());
    if (found.empty()) return;
    found.require_job(canonical_text(job));
    LoggedInputs inputs;
    StateRuns runs(job.plan.every.count() > 0);
    Recovered recovered = found.recover(inputs, runs);
    earlier = {.recovered = std::move(recovered), .inputs = inputs.all(), .birth = found.birth()};
  });
  return earlier;
}

bool is_over(const EarlierRun& earlier, const std::vector<ReaderPosition>& positions) {
  return earlier.recovered.finished && std::ranges::all_of(positions, [](const ReaderPosition& position) {
           return std::ranges::all_of(position.marks, &Mark::done);
         });
}

}  // namespace millrace
