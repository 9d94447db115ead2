// Schemes that are not read or written here, and the programs that do it.
// SPDX-License-Identifier: Apache-2.0
#include "io/elsewhere.h"

#include <algorithm>
#include <array>

#include "base/text/shell_word.h"

#include "io/uri.h"

namespace millrace::io {
namespace {

/// URL stands for the address.
struct Program {
  std::string_view scheme;
  std::string_view reads;
  std::string_view writes;
};

constexpr std::string_view kCurl = "curl -sN URL";
constexpr std::array kPrograms = {
    Program{"kafka", "kcat -C -u -b HOST -t TOPIC", "kcat -P -b HOST -t TOPIC"},
    Program{"http", kCurl, "curl -sT - URL"},
    Program{"https", kCurl, "curl -sT - URL"},
    Program{"ftp", kCurl, "curl -sT - URL"},
    Program{"s3", "aws s3 cp URL -", "aws s3 cp - URL"},
    Program{"s3a", "aws s3 cp s3://BUCKET/KEY -", "aws s3 cp - s3://BUCKET/KEY"},
    Program{"gs", "gcloud storage cat URL", "gcloud storage cp - URL"},
    Program{"hdfs", "hdfs dfs -cat URL", "hdfs dfs -put - URL"},
    Program{"sftp", "ssh HOST cat PATH", "ssh HOST 'cat > PATH'"},
    Program{"ssh", "ssh HOST cat PATH", "ssh HOST 'cat > PATH'"},
    Program{"mqtt", "mosquitto_sub -h HOST -t TOPIC", "mosquitto_pub -h HOST -t TOPIC -l"},
    Program{"udp", "nc -luk PORT", "nc -u HOST PORT"},
};

const Program* program_for(std::string_view address) {
  const std::string_view scheme = scheme_of(address);
  const auto is_it = [&](const Program& program) { return is_same_scheme(scheme, program.scheme); };
  const auto found = std::ranges::find_if(kPrograms, is_it);
  return found == kPrograms.end() || is_existing_name(address) ? nullptr : &*found;
}

std::string command(std::string_view form, std::string_view address) {
  std::string text(form);
  const std::size_t at = text.find("URL");
  if (at != std::string::npos) text.replace(at, 3, shell_word(address, "URL"));
  return text;
}

}  // namespace

std::string pipe_from(std::string_view address) {
  const Program* program = program_for(address);
  return program == nullptr ? "" : command(program->reads, address) + " | millrace ...";
}

std::string pipe_to(std::string_view address) {
  const Program* program = program_for(address);
  return program == nullptr ? "" : "millrace ... | " + command(program->writes, address);
}

}  // namespace millrace::io
