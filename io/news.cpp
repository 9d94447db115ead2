// Words for what happened to the input.
// SPDX-License-Identifier: Apache-2.0
#include "io/news.h"

#include <chrono>
#include <utility>

namespace millrace::io {
namespace {

constexpr std::chrono::nanoseconds kQuiet = std::chrono::seconds{10};

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string uncounted(std::uint64_t bytes, std::string_view of_what) {
  return bytes == 0 ? "" : "; not counted: " + bytes_text(bytes) + " of " + std::string(of_what);
}

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
  return grouped(bytes) + (bytes == 1 ? " byte" : " bytes");
}

void tell_unfinished(const OnEvent& on_event, std::string_view name, std::uint64_t bytes) {
  if (bytes == 0 || !on_event) return;
  on_event({Event::Level::warning, bytes_text(bytes) + " of an unfinished record at the end of " +
                                       std::string(name) + (bytes == 1 ? " was" : " were") + " not counted"});
}

void tell_broken(const OnEvent& on_event, const std::string& what, std::uint64_t bytes,
                 std::uint64_t unfinished, std::string_view reason) {
  if (!on_event) return;
  std::string text = what + " broke before its end, after " + bytes_text(bytes) + ": ";
  on_event({Event::Level::warning, text.append(reason) + uncounted(unfinished, "an unfinished record")});
}

ConnectionNews::ConnectionNews(std::string name, OnEvent on_event)
    : name_(std::move(name)), on_event_(std::move(on_event)) {}

void ConnectionNews::connected(std::uint64_t bytes, Instant now) {
  is_connected_ = true;
  late(now);
  if (said_connected_) return;
  said_connected_ = true;
  tell(Event::Level::info,
       told_one_ ? "connected to " + name_ + " again, after " + bytes_text(bytes) : "connected to " + name_);
}

void ConnectionNews::lost(std::uint64_t bytes, std::uint64_t unfinished, std::string_view reason, Instant now) {
  is_connected_ = false;
  said_missed_ = false;
  ++losses_;
  unfinished_ += unfinished;
  bytes_ = bytes;
  reason_ = reason;
  late(now);
}

void ConnectionNews::missed(std::string_view failure, Instant now) {
  late(now);
  if (now < quiet_until_ || said_missed_) return;
  said_missed_ = true;
  quiet_until_ = now + kQuiet;
  tell(Event::Level::warning, std::string(failure) + "; trying again");
}

void ConnectionNews::late(Instant now) {
  if (losses_ == 0 || now < quiet_until_) return;
  tell_losses(is_connected_ ? "; connected again" : "; trying again");
  quiet_until_ = now + kQuiet;
}

void ConnectionNews::last() {
  if (losses_ > 0) tell_losses("");
}

void ConnectionNews::tell_losses(std::string_view outcome) {
  std::string text = "the connection to " + name_ + " was lost ";
  if (losses_ > 1) text += grouped(losses_) + (told_one_ ? " more times, " : " times, ");
  text += "after " + bytes_text(bytes_) + (told_one_ ? " in all: " : ": ") + reason_;
  text += uncounted(unfinished_, losses_ > 1 ? "unfinished records" : "an unfinished record");
  tell(Event::Level::warning, text.append(outcome));
  said_connected_ = is_connected_;
  told_one_ = true;
  losses_ = 0;
  unfinished_ = 0;
}

void ConnectionNews::tell(Event::Level level, std::string text) {
  if (on_event_) on_event_({level, std::move(text)});
}

}  // namespace millrace::io
