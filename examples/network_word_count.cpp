// The words that come from a socket, counted every second. Try: nc -lk 9999
// SPDX-License-Identifier: Apache-2.0
#include <millrace/millrace.h>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  const std::string server = argc > 1 ? argv[1] : "tcp://localhost:9999";
  millrace::run(millrace::read(server).words().count().every(1s).write("stdout:"));
}
