// A client against servers on loopback.
// SPDX-License-Identifier: Apache-2.0
#include "io/tcp/tcp_source.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <latch>
#include <sstream>

#include <millrace/error.h>

#include "io/descriptor.h"
#include "tests/io/source_contract.h"

namespace millrace::testing::tcp_source_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// Listens on a port of its own choice and serves one connection at a time, in a thread.
class Server {
 public:
  using Serve = std::function<void(int connection)>;

  Server() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, length) != 0 || ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), generic, &length) != 0)
      throw std::runtime_error("no server");
    port_ = ntohs(address.sin_port);
  }
  ~Server() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }
  /// Calls each function for one connection, which is closed when it returns.
  void serve(std::vector<Serve> all) {
    thread_ = std::thread([this, all = std::move(all)] {
      for (const Serve& one : all) {
        const io::Descriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (connection) one(connection.get());
      }
    });
  }
  std::string address() const { return "tcp://127.0.0.1:" + std::to_string(port_); }

 private:
  io::Descriptor listener_;
  int port_ = 0;
  std::thread thread_;
};

Server::Serve sending(const std::string& content) {
  return [content](int connection) {
    std::mt19937 random(static_cast<unsigned>(content.size()));
    std::string_view rest = content;
    while (!rest.empty()) {
      const std::size_t piece = 1 + random() % std::min<std::size_t>(rest.size(), content.size() / 5 + 9);
      if (::send(connection, rest.data(), piece, MSG_NOSIGNAL) != static_cast<ssize_t>(piece)) return;
      rest.remove_prefix(piece);
    }
  };
}

std::unique_ptr<Source> open(const std::string& address, const SourceOptions& options = {}) {
  return io::open_tcp(io::parse_uri(address), options);
}

OpenedSources open_served(const std::string& content, const SourceOptions& options) {
  const auto server = std::make_shared<Server>();
  server->serve({sending(content)});
  OpenedSources opened;
  opened.sources.push_back(open(server->address() + "?reconnect=no", options));
  opened.keeps = server;
  return opened;
}

/// The connection stays open as long as `kept` lives.
Server::Serve sending_at_once(const std::string& content, const std::shared_ptr<io::Descriptor>& kept) {
  return [content, kept](int connection) {
    EXPECT_EQ(::send(connection, content.data(), content.size(), MSG_NOSIGNAL), ssize_t(content.size()));
    *kept = io::Descriptor(::dup(connection));
  };
}

struct SilentServer {
  Server server;
  std::shared_ptr<io::Descriptor> connection = std::make_shared<io::Descriptor>();
};

OpenedSources open_silent(const std::string& content, const SourceOptions& options) {
  const auto silent = std::make_shared<SilentServer>();
  silent->server.serve({sending_at_once(content, silent->connection)});
  OpenedSources opened;
  opened.sources.push_back(open(silent->server.address(), options));
  opened.keeps = silent;
  return opened;
}

INSTANTIATE_TEST_SUITE_P(Tcp, SourceContract, ::testing::Values(SourceCase{"Tcp", open_served, open_silent}),
                         case_name);

std::string read_until(Source& source, std::size_t bytes) {
  Drained drained;
  while (drained.bytes.size() < bytes) {
    std::vector<std::byte> into(1000);
    const ReadResult result = source.read(into, {}, in(10s));
    if (result.status != ReadResult::Status::data) break;
    drained.bytes += text_of(std::span(into).first(result.bytes));
  }
  return drained.bytes;
}

TEST(TcpSource, ALostServerIsConnectedToAgainAndItsLastRecordIsWhole) {
  Server server;
  server.serve({sending("one\ntwo"), sending("three\n"), sending("four")});
  const auto source = open(server.address());
  EXPECT_EQ(read_until(*source, 19), "one\ntwo\nthree\nfour\n");
  EXPECT_EQ(source->partitions()[0].name, server.address());
  EXPECT_EQ(news_of(*source), (Marks{{0, 17}}));
  std::vector<std::byte> into(100);
  EXPECT_EQ(source->read(into, {}, in(300ms)).status, ReadResult::Status::idle) << "not an end";
}

// Pauses double as long as nobody is there. Whoever was there again is looked for as soon as at first.
TEST(TcpSource, EachLossBeginsWithTheShortestPause) {
  Server server;
  std::vector<Server::Serve> all(7, sending("word\n"));
  server.serve(std::move(all));
  const auto source = open(server.address());
  const Instant begin = std::chrono::steady_clock::now();
  EXPECT_EQ(read_until(*source, 35).size(), 35U);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s) << "0.6 s of pauses, or 6.3 s where they double";
}

/// Closes by reset when the client says that it has read.
Server::Serve reset_after(const std::string& content, std::latch& has_read) {
  return [content, &has_read](int connection) {
    EXPECT_EQ(::send(connection, content.data(), content.size(), MSG_NOSIGNAL), ssize_t(content.size()));
    has_read.wait();
    const linger at_once{1, 0};
    ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  };
}

TEST(TcpSource, AConnectionThatBreaksEndsNoRecord) {
  for (const auto kind : {Framing::Kind::newline, Framing::Kind::whitespace}) {
    std::vector<std::string> told;
    const SourceOptions options{.framing = {kind},
                                .on_event = [&](const Event& event) { told.push_back(event.text); }};
    std::latch has_read(1);
    Server server;
    server.serve({reset_after("k,1000\nk,12", has_read), sending("k,1234\n")});
    const auto source = open(server.address(), options);
    EXPECT_TRUE(source->endless());
    EXPECT_EQ(read_until(*source, 7), "k,1000\n");
    has_read.count_down();
    EXPECT_EQ(read_until(*source, 7), "k,1234\n");
    EXPECT_THAT(
        told, ElementsAre("connected to " + server.address(),
                          "the connection to " + server.address() +
                              " was lost after 11 bytes: Connection reset by peer; not counted: 4 bytes of an "
                              "unfinished record; trying again",
                          "connected to " + server.address() + " again, after 11 bytes"));
    EXPECT_EQ(news_of(*source), (Marks{{0, 18}})) << "the bytes that came";
  }
}

TEST(TcpSource, WithoutReconnectionABrokenConnectionBreaksTheInput) {
  std::vector<std::string> told;
  SourceOptions options;
  options.on_event = [&](const Event& event) { told.push_back(event.text); };
  std::latch has_read(1);
  Server server;
  server.serve({reset_after("one\ntw", has_read)});
  const auto source = open(server.address() + "?reconnect=no", options);
  EXPECT_FALSE(source->endless());
  EXPECT_EQ(read_until(*source, 4), "one\n");
  has_read.count_down();
  std::vector<std::byte> into(100);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(source->read(into, {}, in(10s)).status, ReadResult::Status::broken);
  EXPECT_THAT(told,
              ElementsAre("connected to " + server.address(),
                          "the connection to " + server.address() +
                              " broke before its end, after 6 bytes: Connection reset by peer; not counted: 2 "
                              "bytes of an unfinished record"));
}

TEST(TcpSource, ThatItHasNoEndIsSaidWhenThereIsAConnection) {
  int said = 0;
  SourceOptions options{.on_endless = [&] { ++said; }};
  std::vector<std::byte> into(100);
  EXPECT_THROW(open("tcp://127.0.0.1:1", options)->read(into, {}, in(10s)), TransientError);
  EXPECT_EQ(said, 0) << "nobody is there";
  Server server;
  server.serve({sending("one\n"), sending("two\n"), sending("three")});
  const auto source = open(server.address(), options);
  EXPECT_EQ(read_until(*source, 8), "one\ntwo\n");
  EXPECT_EQ(said, 1) << "not with each connection";
  const auto ending = open(server.address() + "?reconnect=no", options);
  EXPECT_EQ(read_until(*ending, 6), "three\n");
  EXPECT_EQ(said, 1);
}

// A server that vanished without a word would be waited for without an end.
TEST(TcpSource, TheKernelAsksWhetherASilentServerIsThere) {
  const auto port_of = [](const std::string& end) {
    return std::stoul(end.substr(end.rfind(':') + 1), {}, 16);
  };
  const auto silent = std::make_shared<SilentServer>();
  silent->server.serve({sending_at_once("one\n", silent->connection)});
  const std::string address = silent->server.address();
  const auto source = open(address);
  EXPECT_EQ(read_until(*source, 4), "one\n");
  std::ifstream connections("/proc/net/tcp");
  if (!connections) GTEST_SKIP() << "no list of connections here";
  const unsigned long port = std::stoul(address.substr(address.rfind(':') + 1));
  unsigned found = 0;
  std::string line;
  std::getline(connections, line);
  while (std::getline(connections, line)) {
    std::string number, own, peer, state, queues, timer;
    std::istringstream(line) >> number >> own >> peer >> state >> queues >> timer;
    if (state != "01" || port_of(peer) != port) continue;
    ++found;
    EXPECT_EQ(timer.substr(0, 2), "02") << "the timer of keep-alive";
  }
  EXPECT_EQ(found, 1U);
}

TEST(TcpSource, WhatIsUnfinishedWhenReadingStopsIsTold) {
  std::vector<std::string> told;
  const OpenedSources opened =
      open_silent("one\ntwo", {.on_event = [&](const Event& event) { told.push_back(event.text); }});
  EXPECT_EQ(read_until(*opened.sources[0], 4), "one\n");
  EXPECT_EQ(stop(*opened.sources[0], 100).bytes, "");
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_THAT(told.back(), HasSubstr("3 bytes of an unfinished record at the end of tcp://127.0.0.1:"));
}

TEST(TcpSource, ALossThatWasNotToldYetIsToldWhenReadingStops) {
  std::vector<std::string> told;
  SourceOptions options;
  options.on_event = [&](const Event& event) { told.push_back(event.text); };
  Server server;
  server.serve({sending("one\n"), sending("two\n"), sending("three\n"), sending("four")});
  const auto source = open(server.address(), options);
  EXPECT_EQ(read_until(*source, 19), "one\ntwo\nthree\nfour\n");
  EXPECT_THAT(told, SizeIs(3)) << "a loss, and the connections around it";
  EXPECT_EQ(stop(*source, 100).bytes, "");
  EXPECT_THAT(told, SizeIs(4));
  EXPECT_THAT(told.back(), HasSubstr(" was lost 3 more times, after 18 bytes in all: the server closed it"));
}

TEST(TcpSource, AFirstConnectionThatIsRefusedIsTransient) {
  std::string address;
  {
    const Server gone;
    address = gone.address();
  }
  const auto source = open(address);
  std::vector<std::byte> into(100);
  for (int i = 0; i < 2; ++i) {
    try {
      source->read(into, {}, in(10s));
      FAIL() << "no error";
    } catch (const TransientError& error) {
      EXPECT_THAT(error.what(),
                  AllOf(HasSubstr("cannot connect to " + address), HasSubstr("Connection refused")));
      EXPECT_EQ(error.exit_code(), 69);
    }
  }
}

TEST(TcpSource, AServerThatComesLaterIsFound) {
  Server server;
  const auto source = open(server.address());
  std::vector<std::byte> into(100);
  EXPECT_EQ(source->read(into, {}, in(-1s)).status, ReadResult::Status::idle);
  server.serve({sending("hello\n")});
  EXPECT_EQ(read_until(*source, 6), "hello\n");
}

TEST(TcpSource, PollingWithoutWaitingGetsThereToo) {
  Server server;
  server.serve({sending("hello\n")});
  const auto source = open(server.address());
  std::vector<std::byte> into(100);
  ReadResult result;
  const Deadline limit = in(10s);
  while (result.status == ReadResult::Status::idle && std::chrono::steady_clock::now() < limit)
    result = source->read(into, {}, in(-1s));
  EXPECT_EQ(result.bytes, 6U);
}

TEST(TcpSource, AnUnknownHostIsNamed) {
  const auto source = open("tcp://no-such-host.invalid:9");
  std::vector<std::byte> into(100);
  try {
    source->read(into, {}, in(30s));
    FAIL() << "no error";
  } catch (const TransientError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot connect to tcp://no-such-host.invalid:9: "));
    EXPECT_EQ(error.exit_code(), 69);
  }
}

TEST(TcpSource, BadAddressesAreRefused) {
  for (const char* address :
       {"tcp:localhost:1", "tcp://localhost", "tcp://localhost:0", "tcp://localhost:65536", "tcp://localhost:x",
        "tcp://:1", "tcp://::1:9", "tcp://[::1]", "tcp://h:1?reconect=no", "tcp://h:1?reconnect=maybe",
        "tcp://h/x:1"})
    EXPECT_THROW(open(address), ConfigError) << address;
  EXPECT_NO_THROW(open("tcp://[::1]:9999"));
  EXPECT_NO_THROW(open("TCP://localhost:9999?reconnect=yes"));
}

TEST(TcpSource, AWakeDuringAPauseDoesNotEndTheTrying) {
  Server server;
  server.serve({sending("one\n"), sending("two\n")});
  const auto source = io::open_tcp(io::parse_uri(server.address()), {});
  std::array<std::byte, 64> room;
  while (source->read(room, {}, in(5s)).status != ReadResult::Status::data) continue;
  source->read(room, {}, in(20ms));  // sees the loss, and pauses
  source->wake();
  EXPECT_EQ(source->read(room, {}, in(5s)).status, ReadResult::Status::idle);
  const Deadline patience = in(5s);
  ReadResult result;
  do result = source->read(room, {}, patience);
  while (result.status == ReadResult::Status::idle && std::chrono::steady_clock::now() < patience);
  EXPECT_EQ(result.status, ReadResult::Status::data);
}

}  // namespace
}  // namespace millrace::testing::tcp_source_test
