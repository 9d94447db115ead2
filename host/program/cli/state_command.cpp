// `millrace state`: what a checkpoint holds, while its job runs or afterwards.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include <millrace/error.h>

#include "base/text/moment.h"
#include "base/text/printable.h"
#include "host/job/checkpoint_state.h"
#include "host/program/cli/commands.h"
#include "host/program/cli/terminal/human.h"

namespace millrace::cli {
namespace {

constexpr int kMissing = 66;

std::string window_text(const CheckpointState& state, Pane pane) {
  return iso_8601(Timestamp{state.every * pane.index});
}

std::string job_text(std::string_view job) {
  std::string text;
  while (!job.empty()) {
    const std::size_t end = std::min(job.find('\n'), job.size());
    text += fmt::format("{:<9}{}\n", text.empty() ? "job" : "", printable(job.substr(0, end)));
    job.remove_prefix(std::min(end + 1, job.size()));
  }
  return text;
}

std::string files_text(const CheckpointState& state) {
  std::string text;
  for (const std::string& damage : state.damage) text += fmt::format("damaged  {}\n", printable(damage));
  if (state.snapshot.number != 0)
    text += fmt::format("snapshot of epoch {}, {}\n", state.snapshot.number,
                        human_bytes(static_cast<double>(state.snapshot_bytes)));
  text += fmt::format("segments {}, {}\n", state.segments, human_bytes(static_cast<double>(state.bytes)));
  if (state.unfinished_bytes != 0)
    text += fmt::format("tail     {} bytes of a frame that is being written, or was cut off\n",
                        human_count(state.unfinished_bytes));
  return text;
}

std::string epoch_text(const CheckpointState& state) {
  const EpochData& last = state.last;
  if (last.id.number == 0) return "epoch    0: nothing was read yet\nended    no: the same command goes on\n";
  const std::chrono::sys_time<std::chrono::microseconds> stamp{std::chrono::microseconds{last.stamp}};
  std::string text =
      fmt::format("epoch    {}, of {}, {}\n", last.id.number, iso_8601(stamp),
                  state.committed ? "shown to all outputs" : "not known whether all outputs have it");
  if (state.every.count() != 0)
    text += fmt::format("clock    no later record lies in a window before {}\n", window_text(state, last.pane));
  std::string_view ended = "no: the same command goes on";
  if (last.last) ended = state.committed ? "yes, with this epoch" : "with this epoch, once all outputs have it";
  return text + fmt::format("ended    {}\n", ended);
}

std::string keys_text(const CheckpointState& state) {
  if (state.rows.empty()) return "keys     none\n";
  std::string text;
  for (const auto& [pane, rows] : state.rows)
    text += fmt::format("keys     {} at most{}\n", human_count(rows),
                        state.every.count() != 0 ? " in the window from " + window_text(state, pane) : "");
  return text;
}

std::string inputs_text(const Resume& inputs) {
  std::string text = fmt::format("{:<9}{:>15}{:>16}\n", "inputs", "read to", "end");
  for (const Mark& mark : inputs.marks) {
    const Partition& partition = inputs.partitions[mark.partition];
    const bool open = partition.end == Partition::kOpenEnd;
    text += fmt::format("{:>24}{:>16}  {:<4}  {}\n", mark.next, open ? "-" : std::to_string(partition.end),
                        mark.done ? "done" : "", printable(partition.name));
  }
  return text;
}

std::string outputs_text(const CheckpointState& state) {
  const std::uint64_t last = state.last.id.number - (state.committed ? 0 : 1);
  std::string text;
  for (const LoggedOutput& output : state.outputs) {
    const bool left_out = output.end.number != 0;
    const std::uint64_t shown = left_out ? output.end.number - 1 : last;
    text += fmt::format("{:<9}{:>15}  {}{}\n", text.empty() ? "outputs" : "",
                        shown < output.first.number ? "none yet" : fmt::format("to epoch {}", shown),
                        printable(output.name), left_out ? ", left out since" : "");
  }
  return text;
}

[[noreturn]] void refuse(const std::string& directory, std::string_view why) {
  throw ConfigError({fmt::format("no checkpoint is in {}: {}", excerpt(directory), why)}, kMissing);
}

// What may not even be looked at is told when it is read.
void require_directory(const std::string& directory) {
  std::error_code ignored;
  const std::filesystem::file_type type = std::filesystem::status(directory, ignored).type();
  if (type == std::filesystem::file_type::not_found) refuse(directory, "there is no such directory");
  if (type != std::filesystem::file_type::directory && type != std::filesystem::file_type::none)
    refuse(directory, "that is no directory");
}

}  // namespace

int state_command(const std::string& directory) {
  require_directory(directory);
  const std::optional<CheckpointState> state = read_checkpoint_state(real_disk(), directory);
  if (!state) refuse(directory, "no job has begun one there");
  const std::string rejected =
      state->rejected == 0 ? "" : fmt::format("rejected {}\n", human_count(state->rejected));
  print(fmt::format("{}birth    {:016x}\n{}{}{}{}{}{}", job_text(state->job), state->birth, files_text(*state),
                    epoch_text(*state), keys_text(*state), rejected, outputs_text(*state),
                    inputs_text(state->inputs)));
  return 0;
}

}  // namespace millrace::cli
