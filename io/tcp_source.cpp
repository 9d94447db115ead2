// Connecting, reading and connecting again.
// SPDX-License-Identifier: Apache-2.0
#include "io/tcp_source.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include <millrace/error.h>

#include "io/descriptor.h"
#include "io/framer.h"

namespace millrace::io {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr auto kConnectTime = 10s;
constexpr std::chrono::nanoseconds kFirstPause = 100ms;
constexpr std::chrono::nanoseconds kLongestPause = 5s;

/// Connecting is asynchronous, so that a deadline or wake() ends a wait: what was begun goes on in a later
/// read. A connection is waited for with ppoll: Asio rounds its waits up to milliseconds, which windows would
/// feel.
class TcpSource final : public Source {
 public:
  TcpSource(const Uri& uri, HostPort server, bool reconnect, const Framing& framing)
      : name_(uri.scheme + ':' + uri.path),
        server_(std::move(server)),
        reconnect_(reconnect),
        framer_(framing) {}

  ReadResult read(std::span<std::byte> into, std::vector<Record>* records, Deadline deadline) override {
    if (records != nullptr) records->clear();
    for (;;) {
      if (auto found = framer_.next(into, records)) return *found;
      if (state_ == State::ended) return framer_.nothing(ReadResult::Status::end);
      if (state_ == State::apart) connect();
      if (state_ == State::failed) refuse();
      if (state_ == State::connected) {
        if (auto found = receive(into, records)) return *found;
        if (state_ != State::connected) continue;
        const bool waits = std::chrono::steady_clock::now() < deadline;
        if (!waits || !waker_.wait_readable(socket_.native_handle(), deadline))
          return framer_.nothing(ReadResult::Status::idle);
      } else if (!wait(deadline)) {
        return framer_.nothing(ReadResult::Status::idle);
      }
    }
  }

  Offsets position() const override { return {{name_, static_cast<std::int64_t>(framer_.consumed())}}; }
  bool replayable() const override { return false; }
  void seek(const Offsets&) override { check(false, "a connection cannot go back"); }
  void committed(const Offsets&) override {}
  void wake() noexcept override {
    context_.stop();
    waker_.wake();
  }

 private:
  enum class State : std::uint8_t { apart, connecting, connected, pausing, failed, ended };

  // Runs one step of what was begun, without waiting if it is ready. False: the deadline has passed or wake
  // was called.
  bool wait(Deadline deadline) {
    if (context_.poll_one() > 0 || context_.run_one_until(deadline) > 0) return true;
    if (context_.stopped()) context_.restart();
    return false;
  }

  // Answers that come late belong to an earlier attempt and mean nothing.
  void connect() {
    state_ = State::connecting;
    const std::uint64_t attempt = ++attempt_;
    socket_ = tcp::socket(context_);
    timer_.expires_after(kConnectTime);
    timer_.async_wait([this, attempt](error_code error) {
      if (error || attempt != attempt_ || state_ != State::connecting) return;
      resolver_.cancel();
      give_up("no answer within 10 s");
    });
    resolver_.async_resolve(server_.host, server_.port,
                            [this, attempt](error_code error, const tcp::resolver::results_type& found) {
                              if (attempt != attempt_ || state_ != State::connecting) return;
                              if (error) return give_up(error.message());
                              connect_to(found, attempt);
                            });
  }

  void connect_to(const tcp::resolver::results_type& found, std::uint64_t attempt) {
    asio::async_connect(socket_, found, [this, attempt](error_code error, const tcp::endpoint&) {
      if (attempt != attempt_ || state_ != State::connecting) return;
      if (error) return give_up(error.message());
      start_reading();
    });
  }

  void give_up(std::string reason) {
    error_code ignored;
    failure_ = std::move(reason);
    timer_.cancel();
    socket_.close(ignored);
    lost();
  }

  void start_reading() {
    error_code ignored;
    timer_.cancel();
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::socket_base::keep_alive(true), ignored);  // a server that vanished is noticed
    was_connected_ = true;
    pause_ = kFirstPause;
    state_ = State::connected;
  }

  // Nothing: what came is no whole record yet, or nothing came, or the connection is lost.
  std::optional<ReadResult> receive(std::span<std::byte> into, std::vector<Record>* records) {
    const std::span<std::byte> room = framer_.room(into);
    error_code error;
    const std::size_t got = socket_.read_some(asio::buffer(room.data(), room.size()), error);
    if (!error) return framer_.added(got, into, records);
    if (error == asio::error::would_block || error == asio::error::try_again ||
        error == asio::error::interrupted)
      return std::nullopt;
    const std::string reason = error.message();
    const bool broken = error != asio::error::eof;
    socket_.close(error);
    if (broken && !reconnect_) throw IoError("the connection to " + name_ + " broke before its end: " + reason);
    framer_.end_input();
    lost();
    return std::nullopt;
  }

  // There is no connection. The first one must succeed; later ones are tried for again after a pause.
  void lost() {
    if (!was_connected_) {
      state_ = State::failed;
    } else if (!reconnect_) {
      state_ = State::ended;
    } else {
      state_ = State::pausing;
      timer_.expires_after(pause_);
      timer_.async_wait([this](error_code error) {
        if (!error && state_ == State::pausing) state_ = State::apart;
      });
      pause_ = std::min(2 * pause_, kLongestPause);
    }
  }

  [[noreturn]] void refuse() {
    state_ = State::apart;
    throw TransientError("cannot connect to " + name_ + ": " + failure_, 69);
  }

  std::string name_;
  HostPort server_;
  bool reconnect_;
  Framer framer_;
  State state_ = State::apart;
  bool was_connected_ = false;
  std::uint64_t attempt_ = 0;  ///< to connect
  std::string failure_;
  std::chrono::nanoseconds pause_ = kFirstPause;
  Waker waker_;  ///< ends a wait for the connection, as stopping the context ends the others
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> keeps_running_{context_.get_executor()};
  tcp::resolver resolver_{context_};
  tcp::socket socket_{context_};
  asio::steady_timer timer_{context_};
};

}  // namespace

std::unique_ptr<Source> open_tcp(const Uri& uri, const Framing& framing) {
  allow_keys(uri, {"reconnect"});
  const std::string reconnect = uri.value("reconnect").value_or("yes");
  if (reconnect != "yes" && reconnect != "no")
    throw ConfigError({"the address \"" + uri.text + "\" has reconnect=" + reconnect + ": give yes or no"});
  return std::make_unique<TcpSource>(uri, host_and_port(uri), reconnect == "yes", framing);
}

}  // namespace millrace::io
