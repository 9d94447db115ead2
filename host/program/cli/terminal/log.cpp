// A spdlog sink above the status line.
// SPDX-License-Identifier: Apache-2.0
#include "host/program/cli/terminal/log.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string_view>

#include <fmt/chrono.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include <millrace/error.h>

namespace millrace::cli {
namespace {

constexpr std::size_t kLongestMessage =
    4000;  // whoever quotes data shortens it; this is for what was forgotten

std::atomic<bool> started = false;

class TerminalSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  TerminalSink(StatusLine& status, LogFormat format, bool color)
      : status_(status), format_(format), color_(color) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    status_.write_line(format_ == LogFormat::json ? json(message) : text(message));
  }
  void flush_() override {}

 private:
  std::string text(const spdlog::details::log_msg& message) const {
    const bool error = message.level >= spdlog::level::err;
    const std::string_view label = error ? "error: " : message.level == spdlog::level::warn ? "warning: " : "";
    std::string line = "millrace: ";
    if (color_ && !label.empty()) line += error ? "\x1b[31m" : "\x1b[33m";
    line += label;
    if (color_ && !label.empty()) line += "\x1b[0m";
    return line + excerpt({message.payload.data(), message.payload.size()}, kLongestMessage);
  }

  static std::string json(const spdlog::details::log_msg& message) {
    const auto time = std::chrono::floor<std::chrono::milliseconds>(message.time);
    const auto milliseconds = time.time_since_epoch().count() % 1000;
    const nlohmann::ordered_json line = {
        {"time", fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(spdlog::log_clock::to_time_t(time)),
                             milliseconds)},
        {"level", std::string(spdlog::level::to_string_view(message.level).data())},
        {"message", excerpt({message.payload.data(), message.payload.size()}, kLongestMessage)}};
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  StatusLine& status_;
  LogFormat format_;
  bool color_;
};

}  // namespace

bool wanted(When when, int descriptor) {
  if (when != When::automatic) return when == When::always;
  const char* terminal = std::getenv("TERM");
  return isatty(descriptor) == 1 && (terminal == nullptr || std::string_view(terminal) != "dumb");
}

bool wants_color(When when, int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool unwanted = when == When::automatic && no_color != nullptr && *no_color != '\0';
  return !unwanted && wanted(when, descriptor);
}

bool log_has_started() {
  return started;
}

void start_log(const Settings& settings, StatusLine& status) {
  const bool color = wants_color(settings.color, STDERR_FILENO);
  auto logger = std::make_shared<spdlog::logger>(
      "millrace", std::make_shared<TerminalSink>(status, settings.log_format, color));
  logger->set_level(settings.quiet     ? spdlog::level::err
                    : settings.verbose ? spdlog::level::info
                                       : spdlog::level::warn);
  // An exception while something is told: there is no memory for the text.
  logger->set_error_handler(
      [&status](const std::string&) { status.write_line("millrace: a message is lost: out of memory"); });
  spdlog::set_default_logger(std::move(logger));
  started = true;
}

}  // namespace millrace::cli
