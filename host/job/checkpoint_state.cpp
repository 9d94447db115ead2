// One pass over the epochs of a checkpoint; none of them is kept.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/checkpoint_state.h"

#include <numeric>
#include <string_view>
#include <utility>

#include <millrace/quantity.h>

#include "host/job/zstd_codec.h"
#include "host/log/checkpoint.h"

namespace millrace {
namespace {

// As the job's text says it. 0: there are no windows.
std::chrono::nanoseconds every_of(std::string_view job) {
  constexpr std::string_view kName = "\nevery: ";
  const std::size_t at = job.find(kName);
  if (at == std::string_view::npos) return {};
  const std::string_view value = job.substr(at + kName.size());
  return parse_duration(value.substr(0, value.find('\n')));
}

std::optional<CheckpointState> read_once(Disk& disk, const std::filesystem::path& directory) {
  const std::unique_ptr<Codec> codec = make_zstd_codec();
  const Checkpoint found(disk, directory, codec.get());
  if (found.empty()) return std::nullopt;
  CheckpointState state;
  state.job = found.job();
  state.birth = found.birth();
  state.damage = found.damage();
  if (found.snapshot()) {
    state.snapshot = {found.snapshot()->head.first_epoch - 1};
    state.snapshot_bytes = found.snapshot()->bytes;
    state.rejected =
        std::accumulate(found.snapshot()->rejected.begin(), found.snapshot()->rejected.end(), std::uint64_t{0});
  }
  state.segments = found.segments().size();
  for (const Segment& segment : found.segments()) state.bytes += segment.file_bytes;
  state.unfinished_bytes = found.segments().back().file_bytes - found.segments().back().bytes;
  state.committed = found.committed();
  state.every = every_of(state.job);

  LoggedInputs inputs;
  found.read({.inputs = &inputs, .outputs = &state.outputs, .rows = &state.rows},
             [&](EpochData&& epoch, std::uint64_t) {
               // What an undecided epoch has closed is shown again, and the result of a whole stream may still
               // grow.
               const bool shown = epoch.id != found.last() || found.committed();
               if (shown && state.every.count() != 0)
                 for (const Pane pane : epoch.closed) state.rows.erase(pane);
               state.rejected = std::accumulate(epoch.rejected.begin(), epoch.rejected.end(), state.rejected);
               state.last = std::move(epoch);
             });
  state.inputs = inputs.all();
  return state;
}

}  // namespace

std::optional<CheckpointState> read_checkpoint_state(Disk& disk, const std::filesystem::path& directory) {
  std::optional<CheckpointState> state;
  look_steadily(disk, directory, [&] { state = read_once(disk, directory); });
  return state;
}

}  // namespace millrace
