// `millrace check`: everything that run would find wrong, and what it would do.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "base/text/printable.h"
#include "host/job/prepare.h"
#include "host/program/cli/commands.h"
#include "host/program/cli/terminal/human.h"

namespace millrace::cli {
namespace {

std::string_view keys_text(KeyedBy keyed_by) {
  switch (keyed_by) {
    case KeyedBy::words: return "words";
    case KeyedBy::split: return "pieces between delimiters";
    case KeyedBy::fields: return "a field of each record";
    case KeyedBy::record: return "whole lines";
    case KeyedBy::rows: return "rows of a host function";
  }
  return "nothing";
}

/// What holds when a source or a sink fails and the job goes on.
std::string_view promise(bool replayable, Delivery delivery) {
  if (!replayable) return "at most once for what was read since the last result";
  if (delivery == Delivery::at_least_once) return "at least once: rows may come again after a failure";
  return "exactly once";
}

/// Each input by itself: a directory among others is skipped.
std::string inputs_text(const Job& job) {
  std::string text;
  for (const std::string& uri : job.from) {
    try {
      const SourceList sources = open_sources(std::span(&uri, 1), {});
      const bool replayable =
          std::ranges::all_of(sources, [](const auto& source) { return source->replayable(); });
      text += fmt::format("reads    {}, {}\n", printable(uri),
                          replayable ? "again from any position after a failure" : "once");
    } catch (const Error&) {
      text += fmt::format("skips    {}\n", printable(uri));
    }
  }
  return text;
}

std::string outputs_text(const Job& job, const PipelineParts& parts) {
  const bool replayable =
      std::ranges::all_of(parts.sources, [](const auto& source) { return source->replayable(); });
  std::string text;
  for (std::size_t i = 0; i < job.to.size(); ++i)
    text += fmt::format("writes   {} as {}, {}\n", printable(job.to[i]),
                        to_string(format_for(job.to[i], job.layout.format)),
                        promise(replayable, parts.sinks[i]->delivery()));
  return text;
}

std::string checkpoint_text(const Job& job, const Prepared& prepared) {
  if (job.checkpoint.empty()) return "";
  const std::uint64_t last = prepared.parts.recovered.last.number;
  std::string state = fmt::format("goes on behind epoch {}", last);
  if (last == 0) state = "begins";
  if (prepared.over) state = "has ended: there is nothing new to read";
  return fmt::format("keeps    {}: the job {}\n", printable(job.checkpoint), state);
}

}  // namespace

int check_command(const Settings& settings) {
  const Job job = complete_job(settings);
  MemoryBudget budget(memory_of(job));
  const auto input_warnings = std::make_shared<InputWarnings>(job);
  const Prepared prepared = prepare(job, budget, input_warnings);
  input_warnings->tell_last();
  const Options& options = prepared.parts.options;
  const std::string name = job.name.empty() ? "" : fmt::format("job      {}\n", job.name);
  print(fmt::format("{}counts   {}\n{}{}{}runs on  {}\nuses     {} threads, {} of memory\n", name,
                    keys_text(job.plan.keyed_by), inputs_text(job), outputs_text(job, prepared.parts),
                    checkpoint_text(job, prepared), prepared.reason, options.threads,
                    human_bytes(static_cast<double>(options.memory))));
  return 0;
}

int check_faults_command() {
  std::string text;
  for (const FaultPoint& point : fault_points()) text += fmt::format("{:<23} {}\n", point.name, point.when);
  print(text);
  return 0;
}

}  // namespace millrace::cli
