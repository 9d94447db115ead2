// The ten commonest words of the files named on the command line.
// SPDX-License-Identifier: Apache-2.0
#include <millrace/millrace.h>

int main(int argc, char** argv) {
  const std::vector<std::string> files(argv + 1, argv + argc);
  millrace::run(millrace::read(files).words().count().top(10).write("stdout:"));
}
