// Parsing addresses.
// SPDX-License-Identifier: Apache-2.0
#include "io/uri.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <map>

#include <millrace/error.h>

#include "base/text/suggest.h"

namespace millrace::io {
namespace {

constexpr std::array<std::string_view, 3> kStreams = {"stdin:", "stdout:", "discard:"};
constexpr std::size_t kHostMax = 255;
constexpr std::size_t kPortMax = 5;
constexpr std::size_t kProblemsTold = 8;

[[noreturn]] void fail(const std::string& address, const std::string& reason) {
  throw ConfigError({"the address \"" + excerpt(address) + "\" " + reason});
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char letter = lower(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text, const std::string& address) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) fail(address, "has a \"%\" without two hexadecimal digits: write %25 for a \"%\"");
    if (high == 0 && low == 0) fail(address, "holds %00: no name has a zero byte");
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

void parse_query(std::string_view query, Uri& uri) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string_view::npos)
      fail(uri.text, "has \"" + excerpt(pair) + "\" behind its \"?\": write key=value, joined by \"&\"");
    uri.query.emplace_back(percent_decoded(pair.substr(0, equals), uri.text),
                           percent_decoded(pair.substr(equals + 1), uri.text));
  }
}

}  // namespace

std::optional<std::string> Uri::value(std::string_view key) const {
  for (const auto& [name, text_of_value] : query)
    if (name == key) return text_of_value;
  return std::nullopt;
}

// One letter is no scheme, and neither is what starts with a digit or holds a dot: those are files.
std::string_view scheme_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon < 2 || !is_letter(text[0])) return {};
  const std::string_view scheme = text.substr(0, colon);
  const bool plausible =
      std::ranges::all_of(scheme, [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-'; });
  return plausible ? scheme : std::string_view{};
}

bool is_same_scheme(std::string_view written, std::string_view scheme) {
  return std::ranges::equal(written, scheme, {}, lower);
}

Uri parse_uri(std::string_view text) {
  Uri uri;
  uri.text = text;
  if (text.empty()) throw ConfigError({"an address is empty: give a path, or - for standard input or output"});
  if (text.find('\0') != std::string_view::npos) throw ConfigError({"an address holds a zero byte"});
  const std::string_view scheme = scheme_of(text);
  if (scheme.empty()) {
    uri.path = text;
    return uri;
  }
  std::ranges::transform(scheme, std::back_inserter(uri.scheme), lower);
  const std::string_view rest = text.substr(scheme.size() + 1);
  const std::size_t mark = rest.find('?');
  uri.path = percent_decoded(rest.substr(0, mark), uri.text);
  if (mark != std::string_view::npos) parse_query(rest.substr(mark + 1), uri);
  return uri;
}

bool is_existing_name(std::string_view text) {
  const std::string_view scheme = scheme_of(text);
  const bool may_be_file = !scheme.empty() && text.find('\0') == std::string_view::npos &&
                           std::ranges::find(kStreams, text) == kStreams.end() &&
                           !text.substr(scheme.size()).starts_with("://");
  struct stat status {};
  return may_be_file && ::lstat(std::string(text).c_str(), &status) == 0;
}

Uri parse_address(std::string_view text) {
  if (!is_existing_name(text)) return parse_uri(text);
  Uri uri;
  uri.text = uri.path = text;
  return uri;
}

void allow_keys(const Uri& uri, std::initializer_list<std::string_view> keys) {
  const std::string start = "the address \"" + excerpt(uri.text) + "\" ";
  std::map<std::string_view, std::size_t> times;
  std::vector<std::string> problems;
  for (const auto& [key, value] : uri.query) {
    if (problems.size() == kProblemsTold) break;
    const std::size_t time = ++times[key];
    if (time == 1 && std::ranges::find(keys, std::string_view(key)) == keys.end())
      problems.push_back(start + "has the unknown key \"" + excerpt(key) + '"' +
                         did_you_mean(key, {keys.begin(), keys.end()}));
    else if (time == 2)
      problems.push_back(start + "has the key \"" + excerpt(key) + "\" twice");
  }
  if (!problems.empty()) throw ConfigError(problems);
}

bool names_file(const Uri& uri) {
  return uri.scheme.empty() || uri.scheme == "file";
}

std::string file_path(const Uri& uri) {
  allow_keys(uri, {});
  std::string path = uri.path;
  if (!uri.scheme.empty() && path.starts_with("//")) path.erase(0, 2);
  if (path.empty() || (!uri.scheme.empty() && uri.path.starts_with("//") && path[0] != '/'))
    throw ConfigError(
        {"the address \"" + excerpt(uri.text) + "\" names no file here: write file:PATH or file:///PATH"});
  return path;
}

HostPort host_and_port(const Uri& uri) {
  std::string_view rest = uri.path;
  const std::string form = uri.scheme + "://HOST:PORT";
  if (!rest.starts_with("//")) fail(uri.text, "has no \"//\": write " + form);
  rest.remove_prefix(2);
  const std::size_t colon = rest.rfind(':');
  std::string_view host = rest.substr(0, colon);
  const std::size_t bracket = rest.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
    fail(uri.text, "has no port: write " + form);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos)
    fail(uri.text, "has an IPv6 address without brackets: write " + uri.scheme + "://[::1]:9999");
  if (host.empty()) fail(uri.text, "has no host: write " + form);
  if (host.size() > kHostMax || host.find_first_of("/[]@ ") != std::string_view::npos)
    fail(uri.text, "has a bad host: write " + form);
  const std::string_view port = rest.substr(colon + 1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (port.size() > kPortMax || error != std::errc{} || end != port.data() + port.size() || number < 1 ||
      number > 65535)
    fail(uri.text, "has the port \"" + excerpt(port) + "\": give a number from 1 to 65535");
  return {std::string(host), std::to_string(number)};
}

}  // namespace millrace::io
