#!/usr/bin/env python3
# The rules of the house that a machine can check: `house_rules.py ROOT`, `--self-test`, `--readme`, `--symbols`.
# SPDX-License-Identifier: Apache-2.0
import collections
import os
import re
import subprocess
import sys

CODE = (".h", ".cpp", ".cu", ".cuh")
ROOMS = {  # each room, and whose headers it may include: its own, and those of rooms below it
    "include/": (),
    "base/": (),
    "kernels/": ("base/",),
    "io/": ("base/",),
    "host/time/": ("base/",),
    "host/state/": ("base/", "kernels/", "host/time/"),
    "host/log/": ("base/", "kernels/", "host/time/", "host/state/"),
    "host/backends/": ("base/", "kernels/", "host/state/"),
    "host/engine/": ("base/", "kernels/", "host/time/", "host/state/", "host/log/", "host/backends/"),
    "host/job/": ("base/", "kernels/", "host/time/", "host/state/", "host/log/", "host/backends/", "host/engine/"),
    "host/program/": ("base/", "host/job/"),
}
LIBRARY_ROOMS = {  # outside headers and the only places that may include them
    r"(cuda|cub/|thrust/|nv)": ("kernels/cuda/", "tests/kernels/", "tests/support/thrust_device", "bench/"),
    r"librdkafka/": ("io/kafka/", "tests/io/kafka/"),
    r"boost/context/": ("tests/support/",),
    r"boost/(?!context/)": ("io/", "host/program/status/", "tests/io/", "tests/host/", "bench/peers/"),
    r"(zstd|zdict)": ("host/job/", "tests/host/job/"),
    r"(CLI/|spdlog/|fmt/|toml\+\+/|nlohmann/)": ("host/program/", "tests/"),
}
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 70
MAX_FOLDER_FILES = 25


def is_code(path):
    return path.endswith(CODE)


def is_ours(path):
    name = os.path.basename(path)
    return is_code(path) or name == "CMakeLists.txt" or name == ".clang-tidy" or path.endswith((".cmake", ".py", ".sh")) or path.startswith(("scripts/", ".ci/"))


def purpose_and_licence(path, text):
    if not is_ours(path):
        return
    lines = text.split("\n")
    if lines[0].startswith("#!"):
        lines = lines[1:]
    mark = "// " if is_code(path) else "# "
    if not lines[0].startswith(mark):
        yield 1, "the first line is not a comment that says what the file is for"
    if len(lines) < 2 or lines[1] != mark + "SPDX-License-Identifier: Apache-2.0":
        yield 2, "the second line is not the SPDX line"


def pragma_once(path, text):
    if path.endswith(".h") and "\n#pragma once\n" not in text:
        yield 3, "#pragma once is missing"


def include_directions(path, text):
    room = next((room for room in ROOMS if path.startswith(room)), None)
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r'\s*#\s*include\s*([<"])(.*?)[>"]', line) if is_code(path) else None
        if not found:
            continue
        quote, name = found.groups()
        if quote == '"' and name.startswith("millrace/"):
            yield number, f"write <{name}> for a public header"
        if quote == '"' and (".." in name or "/" not in name):
            yield number, f'write "{name}" from the root of the repository'
        if room and quote == '"' and not name.startswith((room, *ROOMS[room])):
            yield number, f"{room} does not include {name}"
        for pattern, places in LIBRARY_ROOMS.items():
            if quote == "<" and re.match(pattern, name) and not path.startswith(places):
                yield number, f"<{name}> belongs to {', '.join(places)}"


def no_conditionals(path, text):
    if not is_code(path) or path == "kernels/hd.h":
        return
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b", line):
            yield number, "preprocessor conditionals live in kernels/hd.h; let CMake choose a file instead"


def file_length(path, text):
    lines = text.count("\n")
    if is_ours(path) and lines > MAX_FILE_LINES:
        yield lines, f"{lines} lines; a file has at most {MAX_FILE_LINES}"


def function_length(path, text):
    if not is_code(path):
        return
    opened = {}  # indentation → line of the block that is open there
    for number, line in enumerate(text.split("\n"), 1):
        indent = len(line) - len(line.lstrip(" "))
        if line.lstrip().startswith("}") and indent in opened:
            length = number - opened.pop(indent)
            if length > MAX_FUNCTION_LINES:
                yield number - length, f"{length} lines; a function has at most {MAX_FUNCTION_LINES}"
        if line.endswith("{") and indent <= 4 and re.search(r"\)[^;]*\{$", line):
            opened[indent] = number
        elif line.endswith("{"):
            opened.pop(indent, None)


def libraries_are_silent(path, text):
    program = path.startswith("host/program/")
    if not is_code(path) or not path.startswith(tuple(ROOMS)) or program:
        return
    for number, line in enumerate(text.split("\n"), 1):
        code = line.split("//")[0]
        if re.search(r"std::c(out|err|log)\b|\bf?printf\(|\b(std::)?(exit|abort|quick_exit|terminate)\(", code):
            yield number, "libraries never print, exit or abort"


def no_machine_paths(path, text):
    if path.endswith((".csv", ".dz")):
        return
    for number, line in enumerate(text.split("\n"), 1):
        if re.search(r"(?<![\w/.])/(work|root)/\w", line):
            yield number, "a path of one machine"


RULES = (purpose_and_licence, pragma_once, include_directions, no_conditionals, file_length, function_length,
         libraries_are_silent, no_machine_paths)


def problems(path, text):
    for rule in RULES:
        for number, what in rule(path, text):
            yield f"{path}:{number}: {what} [{rule.__name__}]"


def files(root):
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f == ".ci" or not f.startswith((".", "build")) and f not in ("corpus", "data")]
        for name in names:
            if name.startswith(".git"):
                continue
            path = os.path.join(folder, name)
            try:
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, root), file.read()
            except UnicodeDecodeError:
                pass  # no source file of ours


def folder_sizes(paths):
    """A folder of a room holds few enough files to be read at a glance."""
    folders = collections.Counter(os.path.dirname(path) for path in paths
                                  if is_code(path) and path.startswith(tuple(ROOMS)))
    return [f"{folder}: {count} source files; a folder has at most {MAX_FOLDER_FILES} [folder_sizes]"
            for folder, count in sorted(folders.items()) if count > MAX_FOLDER_FILES]


def rooms_of_all(paths):
    """Whatever stands in host/ stands in one of its rooms."""
    return [f"{path}: belongs to no room [rooms_of_all]" for path in paths
            if is_code(path) and path.startswith("host/") and not path.startswith(tuple(ROOMS))]


def symbols(archives, which):
    shown = subprocess.run(["nm", "--demangle", which, *archives], capture_output=True, text=True, check=True).stdout
    return {line[19:] for line in shown.split("\n") if "millrace" in line[19:]}


def symbol_problems(room, below):
    """What an archive needs of ours stands in it or in those below it."""
    missing = symbols([room], "--undefined-only") - symbols([room, *below], "--defined-only")
    return [f"{os.path.basename(room)} needs {name}, which stands above it" for name in sorted(missing)]


def readme_problems(readme, help_all):
    """The README's table of flags, where it has one, names exactly the flags of --help-all."""
    table = set(re.findall(r"^\|\s*`(--[a-z-]+)", readme, re.M))
    known = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", help_all, re.M))
    if not table:
        return []
    return ([f"README: {flag} is no flag" for flag in sorted(table - known)] +
            [f"README: {flag} is missing in the table" for flag in sorted(known - table)])


def report(found):
    for problem in found:
        print(problem)
    print(f"{len(found)} problems")
    return 1 if found else 0


HEAD = "// What it is for.\n// SPDX-License-Identifier: Apache-2.0\n"
PLANTED = (  # one violation of each kind: rule, path, text
    (purpose_and_licence, "host/engine/a.cpp", "#include <vector>\n"),
    (purpose_and_licence, "scripts/a", "#!/bin/bash\nset -e\n"),
    (pragma_once, "host/engine/a.h", HEAD + "int a();\n"),
    (include_directions, "host/engine/a.cpp", HEAD + '#include "io/uri.h"\n'),
    (include_directions, "io/a.cpp", HEAD + '#include "host/engine/ring.h"\n'),
    (include_directions, "io/a.cpp", HEAD + '#include "kernels/key.h"\n'),
    (include_directions, "base/a.cpp", HEAD + '#include "kernels/key.h"\n'),
    (include_directions, "host/time/a.cpp", HEAD + '#include "host/state/pane_state.h"\n'),
    (include_directions, "host/state/a.cpp", HEAD + '#include "host/engine/ring.h"\n'),
    (include_directions, "host/backends/a.cpp", HEAD + '#include "host/engine/ring.h"\n'),
    (include_directions, "host/program/a.cpp", HEAD + '#include "host/engine/ring.h"\n'),
    (include_directions, "host/engine/a.cpp", HEAD + '#include "tests/support/reference.h"\n'),
    (include_directions, "kernels/a.h", HEAD + '#pragma once\n#include "host/engine/ring.h"\n'),
    (include_directions, "include/millrace/a.h", HEAD + '#pragma once\n#include "host/engine/ring.h"\n'),
    (include_directions, "host/engine/a.cpp", HEAD + '#include "ring.h"\n'),
    (include_directions, "host/engine/a.cpp", HEAD + '#include "millrace/run.h"\n'),
    (include_directions, "host/engine/a.cpp", HEAD + "#include <cuda_runtime.h>\n"),
    (include_directions, "kernels/cpu/a.cpp", HEAD + "#include <cub/cub.cuh>\n"),
    (include_directions, "kernels/a.cpp", HEAD + "#include <boost/asio.hpp>\n"),
    (include_directions, "io/a.cpp", HEAD + "#include <boost/context/fiber.hpp>\n"),
    (include_directions, "io/a.cpp", HEAD + "#include <librdkafka/rdkafka.h>\n"),
    (include_directions, "io/a.cpp", HEAD + "#include <spdlog/spdlog.h>\n"),
    (include_directions, "host/log/a.cpp", HEAD + "#include <zstd.h>\n"),
    (no_conditionals, "host/engine/a.cpp", HEAD + "#ifdef __linux__\n#endif\n"),
    (no_conditionals, "kernels/a.h", HEAD + "#pragma once\n#if 1\n#endif\n"),
    (file_length, "host/engine/a.cpp", HEAD + "int a;\n" * MAX_FILE_LINES),
    (function_length, "host/engine/a.cpp", HEAD + "void a() {\n" + "  b();\n" * 80 + "}\n"),
    (function_length, "host/engine/a.cpp", HEAD + "class A {\n  void a() const {\n" + "    b();\n" * 80 + "  }\n};\n"),
    (libraries_are_silent, "io/a.cpp", HEAD + 'void a() { std::cerr << "a"; }\n'),
    (libraries_are_silent, "kernels/a.cpp", HEAD + "void a() { std::abort(); }\n"),
    (no_machine_paths, "scripts/a", "#!/bin/bash\n# A.\n# SPDX-License-Identifier: Apache-2.0\ncd /ro" + "ot/x\n"),
)
CLEAN = (
    ("host/engine/a.cpp", HEAD + '#include "kernels/key.h"\n#include <millrace/run.h>\n\nvoid a() {\n  b();\n}\n'),
    ("kernels/hd.h", HEAD + "#pragma once\n#if defined(__CUDACC__)\n#endif\n"),
    ("kernels/cuda/a.cu", HEAD + "#include <cub/cub.cuh>\n"),
    ("scripts/a", "#!/bin/bash\n# A.\n# SPDX-License-Identifier: Apache-2.0\n"),
    ("host/engine/b.cpp", HEAD + "namespace a {\n" + "int b;\n" * 100 + "}  // namespace a\n"),
)


def self_test():
    failures = []
    for rule, path, text in PLANTED:
        if not any(True for _ in rule(path, text)):
            failures.append(f"{rule.__name__} does not see its violation in {path}: {text[-60:]!r}")
    for path, text in CLEAN:
        failures += problems(path, text)
    unplanted = {rule.__name__ for rule in RULES} - {rule.__name__ for rule, _, _ in PLANTED}
    failures += [f"{rule} has no planted violation" for rule in unplanted]
    if not folder_sizes([f"io/a{i}.h" for i in range(MAX_FOLDER_FILES + 1)]) or folder_sizes(["io/a.h", "host/job/a.h"]):
        failures.append("a folder with too many files is not seen")
    if not rooms_of_all(["host/a.h"]) or rooms_of_all(["host/job/a.h", "host/CMakeLists.txt"]):
        failures.append("a file without a room is not seen")
    if len(readme_problems("| `--tpo N` | x |\n| `--to` | x |\n", "  --top N   x\n  -t, --to  x\n")) != 2:
        failures.append("the README's table is not compared with the help")
    return report(failures)


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if arguments[:1] == ["--readme"]:
        with open(arguments[1], encoding="utf-8") as readme:
            shown = subprocess.run([arguments[2], "--help-all"], capture_output=True, text=True, check=True)
            return report(readme_problems(readme.read(), shown.stdout))
    if arguments[:1] == ["--symbols"]:
        return report(symbol_problems(arguments[1], arguments[2:]))
    texts = dict(files(arguments[0]))
    return report([problem for path, text in texts.items() for problem in problems(path, text)] +
                  folder_sizes(texts) + rooms_of_all(texts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
