// The log says which epochs an output was given; one that remembers says itself which it has.
// SPDX-License-Identifier: Apache-2.0
#include "host/engine/opened_sink.h"

#include <algorithm>
#include <utility>

#include <millrace/error.h>

namespace millrace {
namespace {

// Null: the log knows nothing of it.
const LoggedOutput* find_listed(const OpenedSink& sink, const Recovered& log) {
  if (sink.listed_as.empty()) return nullptr;
  const auto found = std::ranges::find(log.outputs, sink.listed_as, &LoggedOutput::name);
  return found == log.outputs.end() ? nullptr : &*found;
}

// Nothing was shown to it yet: it is new, or was begun anew and the job has shown nothing since.
bool is_new(const LoggedOutput* listed, const Recovered& log) {
  return listed == nullptr || log.shown.id < listed->first;
}

std::string text_of(const OpenedSink& sink, const Gap& gap) {
  const std::string last = std::to_string(gap.last.number);
  const std::string epochs = gap.first == gap.last
                                 ? "epoch " + last
                                 : "the epochs " + std::to_string(gap.first.number) + " to " + last;
  return sink.name + " has no rows of " + epochs + ", which the job has shown";
}

// Whoever has shown something else under these numbers is another job, or this one on a copy of its log.
void refuse_foreign(const OpenedSink& sink, const Recovered& log) {
  if (!sink.last || is_same(*sink.last, log.shown) || sink.last->id < log.shown.id) return;
  if (log.undecided && is_same(*sink.last, Shown{log.last, log.frame})) return;
  std::string why = "and not as the checkpoint has it: another job has written to it; give this one its own";
  if (sink.last->id > log.last)
    why = "and the checkpoint ends with epoch " + std::to_string(log.last.number) +
          ": it is an older copy, or damaged; begin anew, with an output of its own";
  throw ConfigError({sink.name + " has finished epoch " + std::to_string(sink.last->id.number) + ", " + why},
                    kRefused);
}

}  // namespace

bool is_same(const Shown& told, const Shown& epoch) {
  return told.id == epoch.id && (told.frame == 0 || told.frame == epoch.frame);
}

std::optional<Gap> gap_of(const OpenedSink& sink, const Recovered& log, bool windowed) {
  const LoggedOutput* listed = find_listed(sink, log);
  if (!windowed || (is_new(listed, log) && (listed != nullptr || !sink.last))) return std::nullopt;
  EpochId first = listed == nullptr ? EpochId{1} : listed->first;
  if (sink.last)
    first = std::max(first, EpochId{sink.last->id.number + 1});
  else if (!sink.remembers)
    first = listed->end.number == 0 ? EpochId{log.shown.id.number + 1} : listed->end;
  if (first > log.shown.id) return std::nullopt;
  return Gap{first, log.shown.id};
}

std::string refusal_of(const OpenedSink& sink, const Gap& gap) {
  return text_of(sink, gap) +
         ": leave this output out, give it another place, or go on without them: --accept-gap";
}

void require_in_step(const OpenedSink& sink, const Recovered& log, bool windowed, const OnEvent& on_event) {
  refuse_foreign(sink, log);
  const auto warn = [&](std::string text) {
    if (on_event) on_event({Event::Level::warning, std::move(text)});
  };
  if (const auto gap = gap_of(sink, log, windowed)) {
    if (is_refused(sink)) throw ConfigError({refusal_of(sink, *gap)}, kRefused);
    return warn(text_of(sink, *gap) + ": it goes on without them");
  }
  if (!windowed || log.shown.id.number == 0 || sink.last || !sink.remembers ||
      !is_new(find_listed(sink, log), log))
    return;
  warn(sink.name + " has no rows of the epochs up to " + std::to_string(log.shown.id.number) +
       ", which were shown before: it begins with what comes now");
}

std::vector<LoggedOutput> outputs_of_run(std::span<const OpenedSink> sinks, const Recovered& log,
                                         bool windowed) {
  // The undecided epoch is the first that this run shows.
  const EpochId next = log.undecided ? log.last : EpochId{log.last.number + 1};
  std::vector<LoggedOutput> outputs;
  for (const OpenedSink& sink : sinks) {
    if (sink.listed_as.empty()) continue;
    const LoggedOutput* listed = find_listed(sink, log);
    const bool goes_on = listed != nullptr && !gap_of(sink, log, windowed);
    outputs.push_back({.name = sink.listed_as, .first = goes_on ? listed->first : next, .end = {}});
  }
  for (LoggedOutput left_out : log.outputs) {
    const bool goes_on = std::ranges::find(sinks, left_out.name, &OpenedSink::listed_as) != sinks.end();
    if (goes_on || is_new(&left_out, log)) continue;
    if (left_out.end.number == 0) left_out.end = next;
    outputs.push_back(std::move(left_out));
  }
  return outputs;
}

}  // namespace millrace
