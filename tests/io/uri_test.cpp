// Addresses: what is a path, what has a scheme, and what is said about mistakes.
// SPDX-License-Identifier: Apache-2.0
#include "io/uri.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <ctime>

#include <millrace/error.h>

namespace millrace::io::uri_test {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Uri, PathsAreTakenAsTheyAre) {
  for (const char* path :
       {"book.txt", "/a/b", "./a:b", "../x:y?z=%41", "C:x", "1:2", "a.b:c", "a b:c", ":x", "50%", "*.txt?"}) {
    const Uri uri = parse_uri(path);
    EXPECT_EQ(uri.scheme, "") << path;
    EXPECT_EQ(uri.path, path);
    EXPECT_TRUE(uri.query.empty());
  }
}

TEST(Uri, SchemesPathsAndQueriesAreTakenApart) {
  const Uri uri = parse_uri("TCP://host:9?a=1&b=x%20y%3D&c=");
  EXPECT_EQ(uri.scheme, "tcp");
  EXPECT_EQ(uri.path, "//host:9");
  EXPECT_THAT(uri.query, ElementsAre(Pair("a", "1"), Pair("b", "x y="), Pair("c", "")));
  EXPECT_EQ(uri.value("b"), "x y=");
  EXPECT_EQ(uri.value("d"), std::nullopt);
  EXPECT_THAT(parse_uri("tcp:?%61%3D=1").query, ElementsAre(Pair("a=", "1")));
  EXPECT_EQ(parse_uri("file:a%3Fb").path, "a?b");
  EXPECT_EQ(parse_uri("stdin:").path, "");
}

TEST(Uri, MistakesAreNamed) {
  EXPECT_THAT(error_of([] { parse_uri(""); }), HasSubstr("empty"));
  EXPECT_THAT(error_of([] { parse_uri("file:a%4"); }), HasSubstr("two hexadecimal digits: write %25"));
  EXPECT_THAT(error_of([] { parse_uri("file:a%zz"); }), HasSubstr("two hexadecimal digits"));
  EXPECT_THAT(error_of([] { parse_uri("file:a%00b"); }), HasSubstr("%00"));
  EXPECT_THAT(error_of([] { parse_uri("tcp://h:1?x"); }), HasSubstr("\"x\" behind its \"?\": write key=value"));
  for (const char* uri : {"tcp://h:1?=x", "tcp://h:1?a=1&&b=2", "tcp://h:1?&a=1"})
    EXPECT_THAT(error_of([&] { parse_uri(uri); }), HasSubstr("write key=value")) << uri;
}

TEST(Uri, ASchemeHasLettersDigitsPlusAndMinus) {
  for (const char* scheme : {"ab", "z9", "a-b", "a+b", "a1+2-z"})
    EXPECT_EQ(parse_uri(std::string(scheme) + ":x").scheme, scheme);
  EXPECT_EQ(parse_uri("AZ:x").scheme, "az");
  for (const char* path : {"a_b:x", "9a:x", "-a:x", "a/b:x"}) EXPECT_EQ(parse_uri(path).scheme, "") << path;
}

TEST(Uri, TheFirstEightUnknownKeysAreTold) {
  for (const std::size_t keys : {7U, 8U, 20U}) {
    std::string text = "tcp://h:1?k0=";
    for (std::size_t i = 1; i < keys; ++i) text += "&k" + std::to_string(i) + '=';
    try {
      allow_keys(parse_uri(text), {});
      FAIL() << "no error";
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.problems().size(), std::min<std::size_t>(keys, 8));
    }
  }
}

TEST(Uri, UnknownKeysGetASuggestion) {
  const Uri uri = parse_uri("generate:?wrods=3&seed=1&seed=2&zzz=1");
  const std::string text = error_of([&] { allow_keys(uri, {"words", "seed"}); });
  EXPECT_THAT(text, HasSubstr("unknown key \"wrods\" (did you mean \"words\"?)"));
  EXPECT_THAT(text, HasSubstr("has the key \"seed\" twice"));
  EXPECT_THAT(text, HasSubstr("unknown key \"zzz\""));
  EXPECT_NO_THROW(allow_keys(parse_uri("tcp:x"), {}));
}

// Whoever writes an address of megabytes gets an answer at once, which fits a screen.
TEST(Uri, AddressesOfAnySizeAreReadInLinearTime) {
  std::string keys = "generate:";
  for (int i = 0; i < 300'000; ++i) keys += (i == 0 ? "?key" : "&key") + std::to_string(i) + "=1";
  std::string twice = "generate:?a=1";
  for (int i = 0; i < 1'000'000; ++i) twice += "&a=%41";
  const std::string filler(10'000'000, 'x');
  const std::clock_t begin = std::clock();
  for (const std::string& text : {keys, twice, "tcp://" + filler + ":1", "tcp://h:" + filler,
                                  "tcp://h:" + std::string(10'000'000, '0') + '1', "tcp://h:1?" + filler,
                                  "tcp:" + filler, "file:" + filler + '%', "generate:?" + filler + "=1"}) {
    const std::string error = error_of([&] {
      const Uri uri = parse_address(text);
      allow_keys(uri, {"a"});
      host_and_port(uri);
    });
    EXPECT_NE(error, "no error") << text.substr(0, 40);
    EXPECT_LT(error.size(), 5000U) << text.substr(0, 40);
  }
  EXPECT_LT(std::clock() - begin, 10 * CLOCKS_PER_SEC);
}

TEST(Uri, HostsAndPorts) {
  const HostPort named = host_and_port(parse_uri("tcp://localhost:9999"));
  EXPECT_EQ(named.host, "localhost");
  EXPECT_EQ(named.port, "9999");
  EXPECT_EQ(host_and_port(parse_uri("tcp://[::1]:80")).host, "::1");
  EXPECT_THAT(error_of([] { host_and_port(parse_uri("tcp://h")); }),
              HasSubstr("has no port: write tcp://HOST:PORT"));
  EXPECT_THAT(error_of([] { host_and_port(parse_uri("tcp://::1:80")); }), HasSubstr("without brackets"));
  EXPECT_EQ(host_and_port(parse_uri("tcp://h:1")).port, "1");
  EXPECT_EQ(host_and_port(parse_uri("tcp://h:65535")).port, "65535");
  EXPECT_EQ(host_and_port(parse_uri("tcp://h:00080")).port, "80");
  EXPECT_EQ(host_and_port(parse_uri("tcp://" + std::string(255, 'h') + ":1")).host.size(), 255U);
  for (const std::string& host : {"user@h"s, "a%20b"s, "a/b"s, std::string(256, 'h')})
    EXPECT_THAT(error_of([&] { host_and_port(parse_uri("tcp://" + host + ":1")); }),
                HasSubstr("has a bad host"))
        << host;
  for (const std::string port : {"0", "65536", "99999", "100000", "000080", "-1", "80x", ""})
    EXPECT_THAT(error_of([&] { host_and_port(parse_uri("tcp://h:" + port)); }), HasSubstr("from 1 to 65535"))
        << port;
}

}  // namespace
}  // namespace millrace::io::uri_test
