// Magic numbers, and what unpacks them.
// SPDX-License-Identifier: Apache-2.0
#include "io/first_bytes.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <millrace/error.h>
#include "base/text/shell_word.h"

namespace millrace::io {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;  ///< '?' stands for any one
  Content content;
  std::size_t mark = 0;
};

/// The first that fits decides: UTF-32 begins as UTF-16 does. bzip2's number is long enough for no text to have
/// it.
constexpr std::array kMagic = {
    Magic{"\xEF\xBB\xBF"sv, Content::text, 3},
    Magic{"\x1F\x8B\x08"sv, Content::gzip},
    Magic{"\x28\xB5\x2F\xFD"sv, Content::zstd},
    Magic{"\xFD"
          "7zXZ\0"sv,
          Content::xz},
    Magic{"BZh?1AY&SY"sv, Content::bzip2},
    Magic{"BZh?\x17rE8P\x90"sv, Content::bzip2},
    Magic{"\x04\x22\x4D\x18"sv, Content::lz4},
    Magic{"PK\x03\x04"sv, Content::zip},
    Magic{"\xFF\xFE\0\0"sv, Content::utf32},
    Magic{"\0\0\xFE\xFF"sv, Content::utf32},
    Magic{"\xFF\xFE"sv, Content::utf16},
    Magic{"\xFE\xFF"sv, Content::utf16},
};

bool agree(std::string_view magic, std::span<const std::byte> bytes) {
  const std::size_t length = std::min(magic.size(), bytes.size());
  for (std::size_t i = 0; i < length; ++i)
    if (magic[i] != '?' && magic[i] != static_cast<char>(bytes[i])) return false;
  return true;
}

struct Remedy {
  std::string_view what;
  std::string_view command;      ///< that takes a file
  std::string_view from_stream;  ///< that reads standard input
};

constexpr Remedy remedy_for(Content content) {
  switch (content) {
    case Content::text: break;
    case Content::gzip: return {"compressed with gzip", "zcat", "zcat"};
    case Content::zstd: return {"compressed with zstd", "zstdcat", "zstdcat"};
    case Content::xz: return {"compressed with xz", "xzcat", "xzcat"};
    case Content::bzip2: return {"compressed with bzip2", "bzcat", "bzcat"};
    case Content::lz4: return {"compressed with lz4", "lz4cat", "lz4cat"};
    case Content::zip: return {"a zip archive", "unzip -p", "funzip"};
    case Content::utf16: return {"UTF-16", "iconv -f UTF-16 -t UTF-8", "iconv -f UTF-16 -t UTF-8"};
    case Content::utf32: return {"UTF-32", "iconv -f UTF-32 -t UTF-8", "iconv -f UTF-32 -t UTF-8"};
  }
  return {"text", "cat", "cat"};
}

// Of "/dev/fd/63" only this process knows what it is.
bool is_nameless(const std::string& name) {
  return name == "stdin" || name.starts_with("/dev/") || name.starts_with("/proc/");
}

}  // namespace

FirstBytes look_at(std::span<const std::byte> beginning) {
  for (const Magic& magic : kMagic)
    if (beginning.size() >= magic.bytes.size() && agree(magic.bytes, beginning))
      return {magic.content, magic.mark};
  return {};
}

bool may_turn_out(std::span<const std::byte> beginning) {
  return std::ranges::any_of(kMagic, [&](const Magic& magic) {
    return beginning.size() < magic.bytes.size() && agree(magic.bytes, beginning);
  });
}

std::string why_not_counted(Content content, const std::string& name, std::size_t others) {
  const Remedy remedy = remedy_for(content);
  std::string text = excerpt(name);
  if (others > 0) text += " and " + std::to_string(others) + " more are ";
  text += (others > 0 ? "" : " is ") + std::string(remedy.what) + ", which is not read here: ";
  if (is_nameless(name)) return text + "... | " + std::string(remedy.from_stream) + " | millrace ...";
  const std::string files = others > 0 ? "FILES" : shell_word(name, "FILE");
  return text + std::string(remedy.command) + ' ' + files + " | millrace ...";
}

}  // namespace millrace::io
