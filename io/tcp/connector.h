// Finding a server and connecting to it, without waiting.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <millrace/error.h>

#include "io/uri.h"

namespace millrace::io {

/// One attempt at a time. All its functions and handlers run in the thread that runs the context.
class Connector {
 public:
  /// Called once for each attempt: when the socket is connected, or with what failed.
  using Done = std::function<void(const std::optional<TransientError>& failure)>;

  Connector(boost::asio::io_context& context, HostPort server, std::string name);
  /// Looks the host up and tries its addresses in turn, for ten seconds in all. May call `done` at once.
  void connect(Done done);
  /// The last attempt's, when that has succeeded.
  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  using Error = boost::system::error_code;
  using Addresses = boost::asio::ip::tcp::resolver::results_type;

  bool is_over(std::uint64_t attempt) const { return attempt != attempt_; }
  void take(Error error, Addresses found);
  void try_address(Error before);
  void give_up(const Error& error);
  void end_with(const std::optional<TransientError>& failure);

  boost::asio::io_context& context_;
  HostPort server_;
  std::string name_;
  std::uint64_t attempt_ = 0;  ///< answers that come late belong to an earlier one and mean nothing
  Done done_;
  Addresses addresses_;
  Addresses::iterator address_;  ///< the next to try
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
};

}  // namespace millrace::io
