// Proves that the shared semantics compile for a device and give there what they give on the host.
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdio>

#include "kernels/field.h"
#include "kernels/key.h"
#include "kernels/record.h"
#include "kernels/reduce.h"
#include "kernels/token.h"
#include "kernels/value.h"

namespace {

using namespace millrace;

constexpr std::uint32_t kTextLength = 34;
constexpr std::uint32_t kResults = 40;

struct Text {
  char bytes[kTextLength + 1];
};
// Words, fields, values, a long word, a NUL and bytes >= 0x80.
constexpr Text kText = {"key,-12.50,A longer word\t\0\x80\xc3,x1.2\r"};

/// Calls every shared function once and writes what comes out.
MILLRACE_HD inline void call_all(const Text& text, std::uint64_t seed, std::uint64_t* results) {
  const char* bytes = text.bytes;
  std::uint32_t n = 0;
  const auto put = [&](std::uint64_t result) { results[n++] = result; };
  const auto put_token = [&](Token token) { put(std::uint64_t{token.offset} << 32 | token.length); };

  put(is_separator(bytes[24]) | is_alphanumeric(bytes[26]) << 1 | is_word_byte(bytes[3], true) << 2);
  put(static_cast<unsigned char>(fold_case(bytes[11])));
  put(fold_case(load8(bytes + 11)));
  put_token(next_token(bytes, 13, kTextLength, false));

  const Token record = without_carriage_return(bytes, Token{0, kTextLength});
  put_token(record);
  put_token(next_piece(bytes, 4, kTextLength, ','));
  const Field field = find_field(bytes, record, ',', 3);
  put_token(field.where);
  put(field.found);

  const Value value = parse_value(bytes + 4, 6, 2);
  put(static_cast<std::uint64_t>(value.number));
  put(static_cast<std::uint64_t>(parse_value(bytes + 4, 6, kScaleMax).status));
  put(static_cast<std::uint64_t>(parse_value(bytes + 11, 4, 2).status));

  const std::uint32_t value_fields[] = {2};
  std::int64_t values[1] = {};
  const RecordFields fields = read_fields(bytes, record, FieldView{',', 3, value_fields, 1, 2}, values);
  put_token(fields.key);
  put(fields.counted);
  put(static_cast<std::uint64_t>(values[0]));

  const HashSeed rule = hash_seed(seed, 63);
  char unpacked[kPackedBytesMax] = {};
  put(pack(bytes, 3).bits);
  put(packed_key(load8(bytes), 3).bits);
  put(unpack(pack(bytes, 3), unpacked));
  put(static_cast<unsigned char>(unpacked[2]));
  put(ordered(pack(bytes, 3)));
  put(is_packed(make_key(bytes, 7, rule)) && !is_packed(make_key(bytes, 8, rule)));
  for (std::uint32_t length = 8; length < 20; ++length) put(hashed_key(bytes, length, rule).bits);
  put(mix(seed));
  put(fold_multiply(seed, ~seed));

  for (const Combine combine : {Combine::sum, Combine::min, Combine::max})
    put(static_cast<std::uint64_t>(reduce(combine, identity(combine), values[0])));
  put(sum_overflows(values[0], INT64_MIN));
  while (n < kResults) put(0);
}

__global__ void call_all_on_device(Text text, std::uint64_t seed, std::uint64_t* results) {
  call_all(text, seed, results);
}

}  // namespace

int main() {
  constexpr std::uint64_t kSeed = 0x1234567890abcdef;
  std::uint64_t on_host[kResults];
  std::uint64_t on_device[kResults];
  call_all(kText, kSeed, on_host);

  std::uint64_t* results = nullptr;
  cudaError_t error = cudaMalloc(&results, sizeof on_device);
  if (error == cudaSuccess) {
    call_all_on_device<<<1, 1>>>(kText, kSeed, results);
    error = cudaMemcpy(on_device, results, sizeof on_device, cudaMemcpyDeviceToHost);
    cudaFree(results);
  }
  if (error != cudaSuccess) {
    std::fprintf(stderr, "no device: %s\n", cudaGetErrorString(error));
    return 77;  // skipped
  }
  for (std::uint32_t i = 0; i < kResults; ++i) {
    if (on_host[i] == on_device[i]) continue;
    std::fprintf(stderr, "result %u differs: %llx on the host, %llx on the device\n", i,
                 static_cast<unsigned long long>(on_host[i]), static_cast<unsigned long long>(on_device[i]));
    return 1;
  }
  return 0;
}
