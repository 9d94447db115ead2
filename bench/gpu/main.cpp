// Measures a GPU and its machine: gpu_bench [--quick|--rehearse] [--texts DIR] [--out DIR] [NAME=VALUE]...
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <millrace/error.h>

#include "base/machine.h"
#include "bench/gpu/sections.h"

namespace {

using namespace millrace;
using namespace millrace::bench;

constexpr int kNoGpu = 77;

struct Arguments {
  Scale scale = full_scale();
  std::string speed = "full";
  std::filesystem::path texts = ".gpu/texts";
  std::filesystem::path out = "bench/results";
  Report::Facts facts;  ///< what the caller knows of the machine
};

Arguments read_arguments(const std::vector<std::string>& given) {
  Arguments arguments;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string& text = given[i];
    const std::size_t equals = text.find('=');
    if (text == "--quick") {
      arguments.scale = quick_scale();
      arguments.speed = "quick";
    } else if (text == "--rehearse") {
      arguments.scale = rehearsal_scale();
      arguments.speed = "rehearsal: the numbers mean nothing";
    } else if ((text == "--texts" || text == "--out") && i + 1 < given.size()) {
      (text == "--out" ? arguments.out : arguments.texts) = given[++i];
    } else if (!text.starts_with("--") && equals != std::string::npos) {
      arguments.facts.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    } else {
      throw ConfigError({"gpu_bench: cannot understand " + text +
                         "; give [--quick | --rehearse] [--texts DIR] [--out DIR] [NAME=VALUE]..."},
                        64);
    }
  }
  return arguments;
}

Report::Facts facts_of(const cuda::DeviceFacts& device, const Arguments& arguments) {
  Report::Facts facts = {{"measurement", arguments.speed},
                         {"multiprocessors", std::to_string(device.multiprocessors)},
                         {"device memory free", std::to_string(device.memory_free / kMiB) + " MiB"},
                         {"processors", std::to_string(usable_processors())}};
  facts.insert(facts.end(), arguments.facts.begin(), arguments.facts.end());
  return facts;
}

struct Section {
  const char* name;
  void (*measure)(const Bench&);
};

// What is most wanted comes first: a lease may end.
constexpr std::array kSections = {
    Section{"ceilings", measure_ceilings},
    Section{"kernels", measure_kernels},
    Section{"from memory", measure_from_memory},
    Section{"CPU", measure_cpu},
    Section{"stages", measure_stages},
    Section{"from files", measure_from_files},
    Section{"distinct words", measure_distinct_words},
};

/// Whether everything could be measured. What failed has a row that says why.
bool measure_all(const Bench& bench, const Arguments& arguments) {
  bool whole = true;
  for (const Section& section : kSections) {
    const Time begin = now();
    try {
      section.measure(bench);
    } catch (const std::exception& error) {
      bench.report.add({"Failed", section.name, "", {}, error.what()});
      whole = false;
    }
    bench.report.write(arguments.out);
    std::cerr << section.name << " took " << shown(seconds_since(begin)) << " s\n";
  }
  return whole;
}

int run(const std::vector<std::string>& given) {
  const Arguments arguments = read_arguments(given);
  std::shared_ptr<cuda::DeviceApi> device;
  try {
    device = cuda::open_cuda_device();
  } catch (const UnavailableError& error) {
    std::cerr << "no GPU: " << error.what() << '\n';
    return kNoGpu;
  }
  const cuda::DeviceFacts facts = device->facts();
  Report report(facts.name, facts_of(facts, arguments));
  Bench bench{.device = device,
              .scale = arguments.scale,
              .scratch = std::filesystem::temp_directory_path(),
              .texts = {},
              .report = report};
  for (const char* name : {"kjv", "gcide"})
    bench.texts.push_back(repeated_text(arguments.texts, name, arguments.scale.text_bytes));
  const bool whole = measure_all(bench, arguments);
  std::cout << report.markdown();
  return whole ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const Error& error) {
    std::cerr << "error: " << error.what() << '\n';
    return error.exit_code();
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
