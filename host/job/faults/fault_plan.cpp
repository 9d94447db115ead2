// The table of points, and what strikes there.
// SPDX-License-Identifier: Apache-2.0
#include "host/job/faults/fault_plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include <millrace/error.h>

#include "base/text/suggest.h"

namespace millrace {
namespace {

constexpr std::array kPoints = {
    FaultPoint{"log.lock", "before the checkpoint is locked"},
    FaultPoint{"log.locked", "after that"},
    FaultPoint{"log.read", "before bytes of the checkpoint are read"},
    FaultPoint{"log.create", "before a file of the checkpoint is made"},
    FaultPoint{"log.created", "after that: it is empty"},
    FaultPoint{"log.write", "before bytes of a frame are written"},
    FaultPoint{"log.written", "after that: they may not be durable"},
    FaultPoint{"log.sync", "before a segment is synced"},
    FaultPoint{"log.synced", "after that: the epoch is kept, and not shown"},
    FaultPoint{"log.rename", "before a segment gets its name"},
    FaultPoint{"log.renamed", "after that"},
    FaultPoint{"log.sync_directory", "before the names of segments are synced"},
    FaultPoint{"log.synced_directory", "after that: a new segment counts"},
    FaultPoint{"log.remove", "before what a killed job left in the checkpoint is removed"},
    FaultPoint{"log.removed", "after that"},
    FaultPoint{"output.lock", "before a directory, or what a killed job left there, is locked"},
    FaultPoint{"output.locked", "after that"},
    FaultPoint{"output.read", "before bytes of a MANIFEST are read"},
    FaultPoint{"output.create", "before a temporary file or a new MANIFEST is made"},
    FaultPoint{"output.created", "after that: it is empty"},
    FaultPoint{"output.write", "before rows or lines of MANIFEST are written to a file"},
    FaultPoint{"output.written", "after that: they may not be durable"},
    FaultPoint{"output.sync", "before a file of rows or MANIFEST is synced"},
    FaultPoint{"output.synced", "after that"},
    FaultPoint{"output.rename", "before a file of rows or MANIFEST gets its name"},
    FaultPoint{"output.renamed", "after that"},
    FaultPoint{"output.sync_directory", "before the names in an output's directory are synced"},
    FaultPoint{"output.synced_directory", "after that: the rows are there, and MANIFEST has no line for them"},
    FaultPoint{"output.remove", "before a temporary file is removed"},
    FaultPoint{"output.removed", "after that"},
    FaultPoint{"sink.open", "before any output is claimed", true},
    FaultPoint{"sink.opened", "after that", true},
    FaultPoint{"sink.begin", "before an epoch begins in any output", true},
    FaultPoint{"sink.begun", "after that", true},
    FaultPoint{"sink.write", "before any output is given rows", true},
    FaultPoint{"sink.written", "after that", true},
    FaultPoint{"sink.finish", "before any output finishes an epoch", true},
    FaultPoint{"sink.finished", "after that: the output has it, and the job has not heard so", true},
    FaultPoint{"source.read", "before any input is read", true},
    FaultPoint{"source.commit", "before any input is told what is finished for good", true},
    FaultPoint{"source.committed", "after that", true},
};

const FaultPoint* find_point(std::string_view name) {
  const auto found = std::ranges::find(kPoints, name, &FaultPoint::name);
  return found == kPoints.end() ? nullptr : &*found;
}

std::vector<std::string_view> split(std::string_view text, char between) {
  std::vector<std::string_view> pieces;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = text.find(between);
    pieces.push_back(text.substr(0, end));
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
  }
  return pieces;
}

[[noreturn]] void stay() {
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

}  // namespace

std::span<const FaultPoint> fault_points() {
  return kPoints;
}

FaultPlan::FaultPlan(std::string_view text, OnEvent on_event) : on_event_(std::move(on_event)) {
  std::vector<std::string> problems;
  for (const std::string_view fault : split(text, ',')) {
    try {
      faults_.push_back(parse(fault));
    } catch (const ConfigError& error) {
      problems.emplace_back(error.what());
    }
  }
  if (!problems.empty()) throw ConfigError(std::move(problems));
}

FaultPlan::Fault FaultPlan::parse(std::string_view text) {
  const std::string what = "the fault \"" + excerpt(text) + '"';
  const std::vector<std::string_view> pieces = split(text, ':');
  if (pieces.size() < 2 || pieces.size() > 3) throw ConfigError({what + " is not POINT[:N]:ACTION"});
  Fault fault{.text = std::string(text), .point = find_point(pieces.front())};
  if (fault.point == nullptr) {
    std::array<std::string_view, kPoints.size()> known;
    std::ranges::transform(kPoints, known.begin(), &FaultPoint::name);
    throw ConfigError(
        {what + " names no point" + did_you_mean(pieces.front(), known) + "; see millrace check --faults"});
  }
  fault.action = parse_action(pieces.back(), what);
  if (pieces.size() == 2) return fault;
  const std::string_view number = pieces[1];
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), fault.number);
  if (error != std::errc{} || end != number.data() + number.size() || fault.number == 0)
    throw ConfigError({what + " is to strike the N-th time, and N is a whole number from 1 on"});
  return fault;
}

FaultPlan::Action FaultPlan::parse_action(std::string_view text, const std::string& fault) {
  constexpr std::array<std::string_view, 3> kNames = {"kill", "error", "stall"};
  const auto found = std::ranges::find(kNames, text);
  if (found == kNames.end())
    throw ConfigError({fault + " names no action" + did_you_mean(text, kNames) + ": kill, error or stall"});
  return std::array{Action::kill, Action::error, Action::stall}.at(
      static_cast<std::size_t>(found - kNames.begin()));
}

void FaultPlan::reach(std::string_view name) {
  const FaultPoint* point = find_point(name);
  check(point != nullptr, "a point at which a job can fail is in the table");
  const Fault* due = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    for (Fault& fault : faults_)
      if (fault.point == point && ++fault.reached == fault.number) due = &fault;
  }
  if (due != nullptr) strike(*due);
}

void FaultPlan::strike(const Fault& fault) const {
  if (on_event_) on_event_({Event::Level::warning, "the fault " + fault.text + " strikes"});
  const std::string text = std::string(fault.point->name) + " fails, as the fault " + fault.text + " asks";
  switch (fault.action) {
    case Action::error:
      if (fault.point->transient) throw TransientError(text);
      throw IoError(text);
    case Action::kill:
      static_cast<void>(std::raise(SIGKILL));
      break;  // the first process of a container lives on
    case Action::stall: break;
  }
  stay();
}

}  // namespace millrace
