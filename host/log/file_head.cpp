// Magic, version, length, body and a checksum of all.
// SPDX-License-Identifier: Apache-2.0
#include "host/log/file_head.h"

#include <span>
#include <string_view>

#include <millrace/error.h>

#include "base/checksum.h"
#include "host/log/encoding.h"

namespace millrace {
namespace {

constexpr std::string_view kMagic{"MLRACE\0", 7};  // the kind follows
constexpr std::size_t kFixedBytes = 8 + 4 + 4;
constexpr std::size_t kHeadChecksumBytes = 8;
constexpr std::uint64_t kHeadBytesMax = std::uint64_t{1} << 20;

std::string read_exactly(const DiskReader& file, std::uint64_t offset, std::uint64_t bytes) {
  std::string read(bytes, '\0');
  if (file.read_at(offset, std::as_writable_bytes(std::span(read))) != bytes)
    throw CorruptError("it ends too early");
  return read;
}

std::string twelve_digits(std::uint64_t number) {
  constexpr std::size_t kDigits = 12;
  std::string digits = std::to_string(number);
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return digits;
}

}  // namespace

std::string segment_name(std::uint64_t number) {
  return "seg-" + twelve_digits(number) + ".log";
}

std::string snapshot_name(std::uint64_t number) {
  return "snap-" + twelve_digits(number) + ".bin";
}

std::string encode(const FileHead& head) {
  std::string body;
  put_varint(body, head.number);
  put_varint(body, head.first_epoch);
  put_fixed(body, head.birth, 8);
  put_text(body, head.job);
  check(body.size() <= kHeadBytesMax, "a job's text fits a segment's head");
  std::string bytes(kMagic);
  bytes += static_cast<char>(head.kind);
  put_fixed(bytes, kLogVersion, 4);
  put_fixed(bytes, body.size(), 4);
  bytes += body;
  put_fixed(bytes, checksum64(bytes), kHeadChecksumBytes);
  return bytes;
}

ReadHead read_head(const DiskReader& file, FileKind kind) {
  std::string bytes = read_exactly(file, 0, kFixedBytes);
  Decoder fixed(bytes);
  if (fixed.bytes(kMagic.size()) != kMagic || fixed.bytes(1).front() != static_cast<char>(kind))
    throw CorruptError("it is no part of a checkpoint");
  const std::uint64_t version = fixed.fixed(4);
  const std::uint64_t size = fixed.fixed(4);
  if (size > kHeadBytesMax) throw CorruptError("its head is too long");
  bytes += read_exactly(file, kFixedBytes, size + kHeadChecksumBytes);
  const std::string_view all(bytes);
  const std::uint64_t checksum = Decoder(all.substr(kFixedBytes + size)).fixed(kHeadChecksumBytes);
  if (checksum != checksum64(all.substr(0, kFixedBytes + size)))
    throw CorruptError("the checksum of its head is wrong");
  if (version != kLogVersion)
    throw TooNewError("it is of version " + std::to_string(version) + ", and this program reads version " +
                      std::to_string(kLogVersion));
  ReadHead read{.head = {.kind = kind}, .checksum = checksum, .bytes = bytes.size()};
  Decoder body(all.substr(kFixedBytes, size));
  read.head.number = body.varint();
  read.head.first_epoch = body.varint();
  read.head.birth = body.fixed(8);
  read.head.job = body.text();
  return read;
}

}  // namespace millrace
