// What sources tell of their input: connections lost and found, records left unfinished.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <millrace/event.h>
#include <millrace/types.h>

namespace millrace::io {

/// "1 byte", "1,234 bytes".
std::string bytes_text(std::uint64_t bytes);

/// Reading of `name` stopped inside a record, after `bytes` of it, and that does not count. 0: nothing is told.
void tell_unfinished(const OnEvent& on_event, std::string_view name, std::uint64_t bytes);

/// `what` ended by an error after `bytes`, the last `unfinished` of them half a record that does not count.
void tell_broken(const OnEvent& on_event, const std::string& what, std::uint64_t bytes,
                 std::uint64_t unfinished, std::string_view reason);

/// Tells when a connection is lost and when it is there again. The first loss is told at once; then there is a
/// line in ten seconds at most, which says how often it was lost since the line before: a connection that
/// flaps does not flood the log.
class ConnectionNews {
 public:
  ConnectionNews(std::string name, OnEvent on_event);

  /// `bytes` came so far.
  void connected(std::uint64_t bytes, Instant now);
  /// After `bytes` in all, the last `unfinished` of them half a record that does not count.
  void lost(std::uint64_t bytes, std::uint64_t unfinished, std::string_view reason, Instant now);
  /// An attempt to connect again failed; `failure` is a sentence. Told once for each loss that lasts.
  void missed(std::string_view failure, Instant now);

  /// When late() has something to tell; Instant::max() if there is nothing.
  Instant due() const { return losses_ > 0 ? quiet_until_ : Instant::max(); }
  /// Tells the losses that were not told yet, if it is time.
  void late(Instant now);
  /// The same without waiting: nothing follows.
  void last();

 private:
  void tell_losses(std::string_view outcome);
  void tell(Event::Level level, std::string text);

  std::string name_;
  OnEvent on_event_;
  bool is_connected_ = false;
  bool said_connected_ = false;  ///< what whoever listens believes
  bool said_missed_ = false;
  Instant quiet_until_ = Instant::min();
  std::uint64_t losses_ = 0;  ///< not told yet
  bool told_one_ = false;
  std::uint64_t unfinished_ = 0;  ///< of these losses
  std::uint64_t bytes_ = 0;
  std::string reason_;
};

}  // namespace millrace::io
