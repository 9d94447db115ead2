// Connecting, reading and connecting again.
// SPDX-License-Identifier: Apache-2.0
#include "io/tcp/tcp_source.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <optional>

#include <millrace/error.h>

#include "io/descriptor.h"
#include "io/framer.h"
#include "io/news.h"
#include "io/partitions.h"
#include "io/tcp/connector.h"

namespace millrace::io {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kFirstPause = 100ms;
constexpr std::chrono::nanoseconds kLongestPause = 5s;
// After that a peer that has never answered is not tried again.
constexpr std::chrono::nanoseconds kPatience = 9s;

/// Connecting is asynchronous, so that a deadline or wake() ends a wait: what was begun goes on in a later
/// read. A connection is waited for with ppoll: Asio rounds its waits up to milliseconds, which windows would
/// feel.
class TcpSource final : public Source {
 public:
  TcpSource(const Uri& uri, HostPort server, bool reconnect, const SourceOptions& options)
      : partitions_(uri.scheme + ':' + uri.path),
        reconnect_(reconnect),
        framer_(options.framing, *options.budget),
        on_event_(options.on_event),
        on_endless_(options.on_endless),
        news_(partitions_.name(), options.on_event),
        connector_(context_, std::move(server), partitions_.name()),
        socket_(connector_.socket()) {}

  ReadResult read(std::span<std::byte> into, const Records& records, Deadline deadline) override {
    records.clear();
    if (news_.due() != Instant::max()) news_.late(std::chrono::steady_clock::now());
    for (;;) {
      deadline = std::min(deadline, news_.due());
      if (auto found = framer_.next(into, records)) return *found;
      if (state_ == State::ended || state_ == State::broken) {
        partitions_.finish();
        return framer_.nothing(state_ == State::ended ? ReadResult::Status::end : ReadResult::Status::broken);
      }
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

  std::span<const Partition> partitions() const override { return partitions_.list(); }
  void marks(Marks& changed) override {
    partitions_.read_to(framer_.consumed());
    partitions_.marks(changed);
  }
  bool replayable() const override { return false; }
  void seek(std::span<const Mark>) override { check(false, "a connection cannot go back"); }
  void wake() noexcept override {
    context_.stop();
    waker_.wake();
  }
  bool endless() const override { return reconnect_; }
  ReadResult drain(std::span<std::byte> into, const Records& records) override {
    records.clear();
    if (auto found = framer_.drain(into, records)) return *found;
    news_.last();
    tell_unfinished(on_event_, partitions_.name(), framer_.drop_unfinished());
    return framer_.nothing(ReadResult::Status::end);
  }

 private:
  enum class State : std::uint8_t { apart, connecting, connected, pausing, failed, ended, broken };

  // Runs one step of what was begun, without waiting if it is ready. False: the deadline has passed or wake
  // was called.
  bool wait(Deadline deadline) {
    if (context_.poll_one() > 0 || context_.run_one_until(deadline) > 0) return true;
    if (context_.stopped()) context_.restart();
    return false;
  }

  void connect() {
    state_ = State::connecting;
    connector_.connect([this](const std::optional<TransientError>& failure) {
      if (failure)
        give_up(*failure);
      else
        start_reading();
    });
  }

  // The first connection must succeed; others are tried for again after a pause.
  void give_up(const TransientError& failure) {
    if (!was_connected_) {
      failure_ = failure;
      state_ = State::failed;
    } else {
      news_.missed(failure.what(), std::chrono::steady_clock::now());
      pause();
    }
  }

  [[noreturn]] void refuse() {
    state_ = State::apart;
    if (std::chrono::steady_clock::now() - began_ >= kPatience) throw UnavailableError(failure_->what());
    throw TransientError(*failure_);
  }

  void start_reading() {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::socket_base::keep_alive(true), ignored);  // a server that vanished is noticed
    if (!was_connected_ && reconnect_ && on_endless_) on_endless_();
    was_connected_ = true;
    pause_ = kFirstPause;
    state_ = State::connected;
    news_.connected(received_, std::chrono::steady_clock::now());
  }

  // Nothing: what came is no whole record yet, or nothing came, or the connection is lost.
  std::optional<ReadResult> receive(std::span<std::byte> into, const Records& records) {
    const std::span<std::byte> room = framer_.room(into);
    error_code error;
    const std::size_t got = socket_.read_some(asio::buffer(room.data(), room.size()), error);
    if (!error) {
      received_ += got;
      return framer_.added(got, into, records);
    }
    if (error == asio::error::would_block || error == asio::error::try_again ||
        error == asio::error::interrupted)
      return std::nullopt;
    lose(error);
    return std::nullopt;
  }

  // A connection that was closed has ended its last record; one that broke may have cut it.
  void lose(error_code error) {
    const bool broke = error != asio::error::eof;
    const std::string reason = broke ? error.message() : "the server closed it";
    socket_.close(error);
    std::uint64_t unfinished = 0;
    if (broke)
      unfinished = framer_.drop_unfinished();
    else
      framer_.end_input();
    if (reconnect_) {
      news_.lost(received_, unfinished, reason, std::chrono::steady_clock::now());
      pause();
    } else if (broke) {
      state_ = State::broken;
      tell_broken(on_event_, "the connection to " + partitions_.name(), received_, unfinished, reason);
    } else {
      state_ = State::ended;
    }
  }

  void pause() {
    state_ = State::pausing;
    timer_.expires_after(pause_);
    timer_.async_wait([this](error_code error) {
      if (!error && state_ == State::pausing) state_ = State::apart;
    });
    pause_ = std::min(2 * pause_, kLongestPause);
  }

  Partitions partitions_;
  bool reconnect_;
  Framer framer_;
  OnEvent on_event_;
  std::function<void()> on_endless_;  ///< for the first connection
  ConnectionNews news_;
  std::uint64_t received_ = 0;
  State state_ = State::apart;
  const Instant began_ = std::chrono::steady_clock::now();
  bool was_connected_ = false;
  std::optional<TransientError> failure_;
  std::chrono::nanoseconds pause_ = kFirstPause;
  Waker waker_;  ///< ends a wait for the connection, as stopping the context ends the others
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> keeps_running_{context_.get_executor()};
  Connector connector_;
  tcp::socket& socket_;
  asio::steady_timer timer_{context_};
};

}  // namespace

std::unique_ptr<Source> open_tcp(const Uri& uri, const SourceOptions& options) {
  allow_keys(uri, {"reconnect"});
  const std::string reconnect = uri.value("reconnect").value_or("yes");
  if (reconnect != "yes" && reconnect != "no")
    throw ConfigError(
        {"the address \"" + excerpt(uri.text) + "\" has reconnect=" + excerpt(reconnect) + ": give yes or no"});
  HostPort server = host_and_port(uri);
  try {
    return std::make_unique<TcpSource>(uri, std::move(server), reconnect == "yes", options);
  } catch (const boost::system::system_error& error) {
    throw IoError::from_errno("cannot prepare a connection to " + uri.text, error.code().value());
  }
}

}  // namespace millrace::io
