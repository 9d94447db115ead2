// The table, and how its rows are found.
// SPDX-License-Identifier: Apache-2.0
#include "io/schemes.h"

#include <algorithm>
#include <array>
#include <utility>

#include <millrace/error.h>
#include <millrace/source.h>

#include "base/text/shell_word.h"
#include "base/text/suggest.h"
#include "io/discard_sink.h"
#include "io/file/path_sink.h"
#include "io/generate/generator_source.h"
#include "io/inputs.h"
#include "io/stdio/stdout_sink.h"
#include "io/tcp/tcp_source.h"

namespace millrace::io {
namespace {

void require_nothing_behind(const Uri& uri) {
  if (!uri.path.empty())
    throw ConfigError(
        {"the address \"" + excerpt(uri.text) + "\" takes nothing behind \"" + uri.scheme + ":\""});
  allow_keys(uri, {});
}

void add_file(const Uri& uri, Inputs& inputs) {
  inputs.add_path(file_path(uri));
}

void add_stdin(const Uri& uri, Inputs& inputs) {
  require_nothing_behind(uri);
  inputs.add_stdin();
}

void add_tcp(const Uri& uri, Inputs& inputs) {
  inputs.add_source(open_tcp(uri, inputs.options()));
}

void add_generator(const Uri& uri, Inputs& inputs) {
  for (std::unique_ptr<Source>& source : open_generator(uri, inputs.new_name(uri.text), inputs.options()))
    inputs.add_source(std::move(source));
}

std::unique_ptr<Sink> open_file(const Uri& uri, const RowLayout& layout, Disk& disk, const OnEvent& on_event) {
  return open_path(file_path(uri), layout, disk, on_event);
}

std::unique_ptr<Sink> open_stdout(const Uri& uri, const RowLayout& layout, Disk&, const OnEvent&) {
  require_nothing_behind(uri);
  return std::make_unique<StdoutSink>(layout);
}

std::unique_ptr<Sink> open_discard(const Uri& uri, const RowLayout&, Disk&, const OnEvent&) {
  require_nothing_behind(uri);
  return std::make_unique<DiscardSink>();
}

constexpr Scheme elsewhere(std::string_view name, std::string_view reads, std::string_view writes) {
  return {.name = name, .reads = reads, .writes = writes};
}

constexpr std::array kSchemes = {
    Scheme{.name = "file", .add_input = add_file, .open_output = open_file},
    Scheme{.name = "stdin", .add_input = add_stdin},
    Scheme{.name = "tcp", .add_input = add_tcp},
    Scheme{.name = "generate", .add_input = add_generator},
    Scheme{.name = "stdout", .open_output = open_stdout},
    Scheme{.name = "discard", .open_output = open_discard},
    elsewhere("kafka", "kcat -C -u -b HOST -t TOPIC", "kcat -P -b HOST -t TOPIC"),
    elsewhere("http", "curl -sN URL", "curl -sT - URL"),
    elsewhere("https", "curl -sN URL", "curl -sT - URL"),
    elsewhere("ftp", "curl -sN URL", "curl -sT - URL"),
    elsewhere("s3", "aws s3 cp URL -", "aws s3 cp - URL"),
    elsewhere("s3a", "aws s3 cp s3://BUCKET/KEY -", "aws s3 cp - s3://BUCKET/KEY"),
    elsewhere("gs", "gcloud storage cat URL", "gcloud storage cp - URL"),
    elsewhere("hdfs", "hdfs dfs -cat URL", "hdfs dfs -put - URL"),
    elsewhere("sftp", "ssh HOST cat PATH", "ssh HOST 'cat > PATH'"),
    elsewhere("ssh", "ssh HOST cat PATH", "ssh HOST 'cat > PATH'"),
    elsewhere("mqtt", "mosquitto_sub -h HOST -t TOPIC", "mosquitto_pub -h HOST -t TOPIC -l"),
    elsewhere("udp", "nc -luk PORT", "nc -u HOST PORT"),
};

bool is_here(const Scheme& scheme, Use use) {
  return use == Use::input ? scheme.add_input != nullptr : scheme.open_output != nullptr;
}

std::string command(std::string_view form, std::string_view address) {
  std::string text(form);
  const std::size_t at = text.find("URL");
  if (at != std::string::npos) text.replace(at, 3, shell_word(address, "URL"));
  return text;
}

}  // namespace

std::vector<std::string_view> schemes_for(Use use) {
  std::vector<std::string_view> names;
  for (const Scheme& scheme : kSchemes)
    if (is_here(scheme, use)) names.push_back(scheme.name);
  return names;
}

const Scheme& find_scheme(const Uri& uri, Use use) {
  const std::string_view name = uri.scheme.empty() ? "file" : std::string_view(uri.scheme);
  const auto found = std::ranges::find(kSchemes, name, &Scheme::name);
  if (found != kSchemes.end() && is_here(*found, use)) return *found;
  const std::vector<std::string_view> known = schemes_for(use);
  std::string text = "the address \"" + excerpt(uri.text) + "\" has the unknown scheme \"" +
                     excerpt(uri.scheme) + '"' + did_you_mean(uri.scheme, known) + ". Known are";
  for (const std::string_view each : known) text += ' ' + std::string(each) + ':';
  throw ConfigError({text + " (a file of that name is written ./" + excerpt(uri.text) + ')'});
}

std::string other_program(std::string_view address, Use use) {
  const std::string_view scheme = scheme_of(address);
  const auto found = std::ranges::find_if(
      kSchemes, [&](const Scheme& each) { return !each.reads.empty() && is_same_scheme(scheme, each.name); });
  if (found == kSchemes.end() || is_existing_name(address)) return "";
  return use == Use::input ? command(found->reads, address) + " | millrace ..."
                           : "millrace ... | " + command(found->writes, address);
}

void refuse_elsewhere(const std::string& address, Use use) {
  const std::string pipe = other_program(address, use);
  if (!pipe.empty())
    throw ConfigError({"the address \"" + excerpt(address) + "\" is not for this version; use " + pipe});
}

}  // namespace millrace::io
