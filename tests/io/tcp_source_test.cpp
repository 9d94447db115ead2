// A client against servers on loopback.
// SPDX-License-Identifier: Apache-2.0
#include "io/tcp_source.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <millrace/error.h>

#include "io/descriptor.h"
#include "tests/io/source_contract.h"

namespace millrace::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

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

std::unique_ptr<Source> open(const std::string& address, const Framing& framing = {}) {
  return io::open_tcp(io::parse_uri(address), framing);
}

OpenedSources open_served(const std::string& content, const SourceOptions& options) {
  const auto server = std::make_shared<Server>();
  server->serve({sending(content)});
  OpenedSources opened;
  opened.sources.push_back(open(server->address() + "?reconnect=no", options.framing));
  opened.keeps = server;
  return opened;
}

OpenedSources open_silent(const SourceOptions& options) {
  const auto server = std::make_shared<Server>();  // its backlog takes the connection
  OpenedSources opened;
  opened.sources.push_back(open(server->address(), options.framing));
  opened.keeps = server;
  return opened;
}

INSTANTIATE_TEST_SUITE_P(Tcp, SourceContract, ::testing::Values(SourceCase{"Tcp", open_served, open_silent}),
                         case_name);

std::string read_until(Source& source, std::size_t bytes) {
  Drained drained;
  while (drained.bytes.size() < bytes) {
    std::vector<std::byte> into(1000);
    const ReadResult result = source.read(into, nullptr, in(10s));
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
  EXPECT_EQ(source->position(), (Offsets{{server.address(), 17}}));
  std::vector<std::byte> into(100);
  EXPECT_EQ(source->read(into, nullptr, in(300ms)).status, ReadResult::Status::idle) << "not an end";
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
      source->read(into, nullptr, in(10s));
      FAIL() << "no error";
    } catch (const TransientError& error) {
      EXPECT_THAT(error.what(),
                  AllOf(HasSubstr("cannot connect to " + address), HasSubstr("Connection refused")));
    }
  }
}

TEST(TcpSource, AServerThatComesLaterIsFound) {
  Server server;
  const auto source = open(server.address());
  std::vector<std::byte> into(100);
  EXPECT_EQ(source->read(into, nullptr, in(-1s)).status, ReadResult::Status::idle);
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
    result = source->read(into, nullptr, in(-1s));
  EXPECT_EQ(result.bytes, 6U);
}

TEST(TcpSource, AnUnknownHostIsNamed) {
  const auto source = open("tcp://no-such-host.invalid:9");
  std::vector<std::byte> into(100);
  EXPECT_THROW(source->read(into, nullptr, in(30s)), TransientError);
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

}  // namespace
}  // namespace millrace::testing
