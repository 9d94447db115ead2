// Orders, revenue and average order of each customer, exact to the cent.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/millrace.h>

int main(int argc, char** argv) {
  using namespace millrace;
  const std::string sales = argc > 1 ? argv[1] : "examples/data/sales.csv";
  run(read(sales)
          .filter([](std::string_view line) { return !line.starts_with("customer,"); })  // the header
          .fields({.delimiter = ',', .key = 1, .scale = 2})
          .measure({sum(4), count(), mean(4)})
          .format(Format::table)
          .write("stdout:"));
}
