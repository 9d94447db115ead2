// The fields of a record, joined again, are the record.
// SPDX-License-Identifier: Apache-2.0
#include "kernels/field.h"
#include "tests/fuzz/input.h"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(data, size);
  const char delimiter = static_cast<char>(input.choose(256));
  const std::string text = input.rest();
  const Token record = without_carriage_return(text.data(), Token{0, static_cast<std::uint32_t>(text.size())});
  require(record.length == text.size() - (text.ends_with('\r') ? 1 : 0), "one carriage return is dropped");

  std::string joined;
  std::uint32_t number = 0;
  for (Field field = find_field(text.data(), record, delimiter, 0); field.found;
       field = find_field(text.data(), record, delimiter, ++number)) {
    const std::string piece = text.substr(field.where.offset, field.where.length);
    require(piece.find(delimiter) == std::string::npos, "no field holds a delimiter");
    if (number > 0) joined += delimiter;
    joined += piece;
    if (number > 200) return 0;  // fields are found from the front: keep the target quick
  }
  require(number > 0, "every record has a field");
  require(joined == text.substr(0, record.length), "fields and delimiters are the record");
  return 0;
}
