// Resolving, trying one address after the other, giving up in time.
// SPDX-License-Identifier: Apache-2.0
#include "io/tcp/connector.h"

#include <array>
#include <chrono>
#include <utility>

namespace millrace::io {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr auto kConnectTime = 10s;

/// A client that tries a port of its own machine may be given that very port for its own end: then it has
/// connected to itself, and nobody else is there.
bool is_connected_to_itself(const tcp::socket& socket) {
  error_code ignored;
  return socket.local_endpoint(ignored) == socket.remote_endpoint(ignored);
}

/// Looking a host up takes files and sockets. Where they cannot be had, it seems that there is no such host.
error_code cause_of(error_code not_found, asio::io_context& context) {
  error_code shortage;
  std::array<std::optional<tcp::socket>, 2> probes;
  for (auto& probe : probes)
    if (probe.emplace(context).open(tcp::v4(), shortage)) return shortage;
  return not_found;
}

/// This machine lacks something, not its peer: descriptors, memory, threads.
bool is_local(const error_code& error) {
  return error == asio::error::no_descriptors || error == asio::error::no_memory ||
         error == asio::error::no_buffer_space || error == asio::error::try_again ||
         error == boost::system::errc::too_many_files_open_in_system;
}

}  // namespace

Connector::Connector(asio::io_context& context, HostPort server, std::string name)
    : context_(context),
      server_(std::move(server)),
      name_(std::move(name)),
      resolver_(context),
      socket_(context),
      timer_(context) {}

void Connector::connect(Done done) {
  done_ = std::move(done);
  const std::uint64_t attempt = ++attempt_;
  timer_.expires_after(kConnectTime);
  timer_.async_wait([this, attempt](const error_code& error) {
    if (!error && !is_over(attempt))
      end_with(TransientError("cannot connect to " + name_ + ": no answer within 10 s", 69));
  });
  try {
    resolver_.async_resolve(server_.host, server_.port, [this, attempt](error_code error, Addresses found) {
      if (!is_over(attempt)) take(error, std::move(found));
    });
  } catch (const boost::system::system_error& error) {  // it takes a thread, which may be refused
    give_up(error.code());
  }
}

void Connector::take(error_code error, Addresses found) {
  if (error) return give_up(cause_of(error, context_));
  addresses_ = std::move(found);
  address_ = addresses_.begin();
  try_address(error);
}

// `before`: why the address before did not do.
void Connector::try_address(error_code before) {
  for (; address_ != addresses_.end(); ++address_) {
    socket_ = tcp::socket(context_);
    const tcp::endpoint address = *address_;
    if (socket_.open(address.protocol(), before)) continue;
    socket_.async_connect(address, [this, attempt = attempt_](error_code error) {
      if (is_over(attempt)) return;
      if (!error && is_connected_to_itself(socket_)) error = asio::error::connection_refused;
      if (!error) return end_with(std::nullopt);
      ++address_;
      try_address(error);
    });
    return;
  }
  give_up(before);
}

void Connector::give_up(const error_code& error) {
  const std::string what = "cannot connect to " + name_;
  if (error.category() != boost::system::system_category())
    return end_with(TransientError(what + ": " + error.message(), 69));
  end_with(TransientError(IoError::from_errno(what, error.value()).what(), is_local(error) ? 74 : 69));
}

void Connector::end_with(const std::optional<TransientError>& failure) {
  ++attempt_;
  error_code ignored;
  timer_.cancel();
  resolver_.cancel();
  if (failure) socket_.close(ignored);
  std::exchange(done_, {})(failure);
}

}  // namespace millrace::io
