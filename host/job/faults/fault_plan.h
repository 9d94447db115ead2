// Where a job is to fail on purpose, so that what holds after any end can be tried with the real program.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/event.h>

namespace millrace {

/// A place on the way of a job that can be told to fail.
struct FaultPoint {
  std::string_view name;  ///< "log.sync"; behind the same call "log.synced"
  std::string_view when;
  bool transient = false;  ///< its error is one that may pass
};

/// All there are.
std::span<const FaultPoint> fault_points();

/// POINT[:N]:ACTION, several with commas between them: the N-th time (from 1 on, 1 if it is left out) that the
/// job comes to the point, it does what the action says.
///   kill   the process gets SIGKILL
///   error  the call fails: an IoError from a disk, a TransientError from a sink or a source
///   stall  the thread stays there until the process is ended
class FaultPlan {
 public:
  /// `on_event` hears of each fault before it strikes. Throws ConfigError with all that is wrong with `text`.
  FaultPlan(std::string_view text, OnEvent on_event);

  /// The job has come to the point of that name. Any thread may call it.
  void reach(std::string_view name);

 private:
  enum class Action : std::uint8_t { kill, error, stall };
  struct Fault {
    std::string text;  ///< as it was given
    const FaultPoint* point = nullptr;
    std::uint64_t number = 1;
    Action action = Action::kill;
    std::uint64_t reached = 0;
  };
  static Fault parse(std::string_view text);
  static Action parse_action(std::string_view text, const std::string& fault);
  void strike(const Fault& fault) const;

  OnEvent on_event_;
  std::mutex mutex_;           ///< guards how often each was reached
  std::vector<Fault> faults_;  ///< all else of them stays as it is
};

}  // namespace millrace
