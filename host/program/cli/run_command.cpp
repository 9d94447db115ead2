// `millrace run`: the job from start to exit status.
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>

#include <spdlog/spdlog.h>

#include "host/job/prepare.h"
#include "host/program/cli/commands.h"
#include "host/program/cli/supervisor.h"
#include "host/program/cli/terminal/above_status_line.h"
#include "host/program/cli/terminal/log.h"
#include "host/program/cli/terminal/progress_text.h"
#include "host/program/cli/terminal/rejected_text.h"
#include "host/program/cli/terminal/time_text.h"

namespace millrace::cli {
namespace {

bool is_stdout(const std::string& uri) {
  return output_identity(uri) == output_identity("-");
}
bool is_stdin(std::string_view uri) {
  return uri == "stdin:" || uri == "-";
}

/// Opens standard output here if the status line shares its terminal. Named twice it is left for start to
/// refuse.
void share_terminal(Job& job, StatusLine& status) {
  if (isatty(STDOUT_FILENO) != 1 || std::ranges::count_if(job.to, is_stdout) > 1) return;
  for (const std::string& uri : job.to) {
    if (!is_stdout(uri)) continue;
    job.to_sinks.push_back(std::make_shared<AboveStatusLine>(
        open_sink(uri, layout_of(job), real_disk(), job.options.on_event), status));
  }
  std::erase_if(job.to, is_stdout);
}

/// Without input the program would wait for typing, and a newcomer for the program.
void explain_silence(const Job& job, StatusLine& status) {
  if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1 || std::ranges::none_of(job.from, is_stdin))
    return;
  status.write_line(
      "millrace: reading what you type; Ctrl-D ends it. For files: millrace FILE; see millrace --help");
}

// What was read is in the checkpoint, and windows that are open stay so.
int durable_exit_status(const Summary& summary, int signal) {
  if (!summary.partial && signal == 0) return 0;
  const std::string_view why = signal == 0 ? "an input broke off" : "stopped before the end of the input";
  spdlog::warn("{}: what was read is kept, and the same command goes on", why);
  if (!summary.partial) return 0;
  return signal == 0 ? 74 : 128 + signal;
}

int exit_status(const Summary& summary, int signal) {
  if (!summary.partial) return 0;
  if (signal == 0) {
    spdlog::error("partial: an input broke off; rows hold what came until then");
    return 74;
  }
  spdlog::warn("partial: a signal ended the job before its input; rows hold what was read until then");
  return 128 + signal;
}

}  // namespace

Job complete_job(const Settings& settings) {
  Job job = settings.job;
  job.options.on_event = [](const Event& event) {
    spdlog::log(event.level == Event::Level::warning ? spdlog::level::warn : spdlog::level::info, "{}",
                event.text);
  };
  return job;
}

int run_command(const Settings& settings, StatusLine& status, Supervisor& supervisor) {
  Job job = complete_job(settings);
  if (!settings.quiet) explain_silence(job, status);
  const bool show_progress = !settings.quiet && wanted(settings.progress, STDERR_FILENO);
  if (show_progress) share_terminal(job, status);

  const Instant begin = std::chrono::steady_clock::now();
  supervisor.watch({.show_progress = show_progress, .drain_timeout = settings.drain_timeout});
  const Summary summary = supervisor.run(job);

  const std::string rejected = rejected_text(summary.progress, job.plan);
  if (!rejected.empty()) spdlog::warn("{}", rejected);
  for (const std::string& line : time_text(summary.time)) spdlog::info("{}", line);
  if (show_progress)
    status.write_line(
        summary_text(summary.progress, job.plan.keyed_by, std::chrono::steady_clock::now() - begin));
  if (!job.checkpoint.empty()) return durable_exit_status(summary, supervisor.signal());
  return exit_status(summary, supervisor.signal());
}

}  // namespace millrace::cli
