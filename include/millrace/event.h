// What a job has to tell while it runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace millrace {

/// Something worth telling the user. The library never prints: it calls whoever asked for events.
struct Event {
  enum class Level : std::uint8_t { info, warning };
  Level level = Level::info;
  std::string text;
};

/// Any thread of the job may call it. It throws nothing. Empty: nobody listens.
using OnEvent = std::function<void(const Event&)>;

}  // namespace millrace
