// `millrace check`: everything that run would find wrong, and what it would do.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <millrace/backend.h>
#include "base/text/printable.h"

#include "base/machine.h"
#include "host/backends/choice.h"
#include "host/job/first_look.h"
#include "host/program/cli/commands.h"
#include "host/program/cli/terminal/human.h"

namespace millrace::cli {
namespace {

constexpr int kIoError = 74;

/// Problems of several places, with the exit code of the first; but what cannot be read or written goes first,
/// as no change of the command line mends it.
struct Findings {
  std::vector<std::string> problems;
  int exit_code = 0;

  void add(const std::vector<std::string>& texts, int code) {
    if (!texts.empty() && (exit_code == 0 || code == kIoError)) exit_code = code;
    problems.insert(problems.end(), texts.begin(), texts.end());
  }
  template <class Open>
  void gather(Open open) {
    try {
      open();
    } catch (const ConfigError& error) {
      add(error.problems(), error.exit_code());
    } catch (const Error& error) {
      add({error.what()}, error.exit_code());
    }
  }
};

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

RowLayout layout_of(const Job& job) {
  RowLayout layout = row_layout(job.plan);
  layout.format = job.layout.format;
  layout.header = job.layout.header;
  return layout;
}

Framing framing_of(const Job& job) {
  const bool words = job.plan.keyed_by == KeyedBy::words && !job.plan.host;
  return {words ? Framing::Kind::whitespace : Framing::Kind::newline, job.options.max_record_bytes};
}

struct Input {
  bool replayable = true;                  ///< all of it can be read again from a position
  std::optional<std::uint64_t> bytes = 0;  ///< where it is known
};

/// Opens all sources, as run would, and then each: a directory among other inputs is skipped.
Input check_sources(const Job& job, Findings& findings, std::string& text) {
  const auto first_look = std::make_shared<FirstLook>(job.plan, job.options.on_event);
  SourceOptions options{.framing = framing_of(job),
                        .windowed = job.plan.every.count() > 0,
                        .on_event = job.options.on_event,
                        .on_beginning = look_with(first_look)};
  findings.gather([&] { open_sources(job.from, options); });
  first_look->tell_last();
  options.on_event = {};
  options.on_beginning = {};
  Input input;
  for (const std::string& uri : job.from) {
    try {
      bool replayable = true;
      for (const auto& source : open_sources(std::span(&uri, 1), options)) {
        replayable &= source->replayable();
        const auto bytes = source->bytes_total();
        input.bytes = input.bytes && bytes ? std::optional(*input.bytes + *bytes) : std::nullopt;
      }
      text += fmt::format("reads    {}, {}\n", printable(uri),
                          replayable ? "again from any position after a failure" : "once");
      input.replayable &= replayable;
    } catch (const Error&) {
      text += fmt::format("skips    {}\n", printable(uri));
    }
  }
  return input;
}

void check_sinks(const Job& job, bool replayable, Findings& findings, std::string& text) {
  for (const std::string& uri : job.to) {
    findings.gather([&] {
      const std::unique_ptr<Sink> sink = open_sink(uri, layout_of(job), real_disk());
      sink->probe(std::chrono::steady_clock::now() + kProbeTime);
      text += fmt::format("writes   {} as {}, {}\n", printable(uri),
                          to_string(format_for(uri, job.layout.format)), promise(replayable, sink->delivery()));
    });
  }
}

void check_backend(const Job& job, std::optional<std::uint64_t> input_bytes, Findings& findings,
                   std::string& text) {
  const unsigned threads = job.options.threads != 0 ? job.options.threads : usable_processors();
  const std::size_t memory = job.options.memory != 0 ? job.options.memory : default_memory(usable_memory());
  findings.gather([&] {
    if (job.options.memory != 0) check_memory(memory, cgroup_limits());
    const ChosenBackend chosen = choose_for_job(job.plan, job.options, {.threads = threads}, input_bytes);
    text += fmt::format("runs on  {}\n", chosen.reason);
  });
  text += fmt::format("uses     {} threads, {} of memory\n", threads, human_bytes(static_cast<double>(memory)));
}

}  // namespace

int check_command(const Settings& settings) {
  const Job job = complete_job(settings);
  Findings findings;
  findings.add(problems(job), 78);
  std::string text = fmt::format("counts   {}\n", keys_text(job.plan.keyed_by));
  const Input input = check_sources(job, findings, text);
  check_sinks(job, input.replayable, findings, text);
  check_backend(job, input.bytes, findings, text);
  if (!findings.problems.empty()) throw ConfigError(std::move(findings.problems), findings.exit_code);
  print(text);
  return 0;
}

}  // namespace millrace::cli
