#!/usr/bin/env python3
# Registers, spills and stack of our kernels, as ptxas tells them: kernel_budget.py NVCC ROOT, or --self-test.
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import os
import re
import subprocess
import sys

ARCHITECTURES = ("sm_80", "sm_90")
KERNELS = ("words_kernel", "records_kernel", "breaks_kernel", "finish_kernel", "number_kernel", "unmix_kernel")
REGISTERS_MAX = 64  # with 1024 threads a block, more do not fit a multiprocessor
WITHOUT_STACK = ("words_kernel",)  # arrays that are indexed at run time live on the stack, in slow memory


def report(nvcc, root, architecture):
    """What ptxas says while it compiles everything for a device, with the flags of a release."""
    command = [nvcc, "-std=c++20", "-O3", "-DNDEBUG", f"-arch={architecture}", "-cubin", "-Xptxas", "-v",
               f"-I{root}", f"-I{root}/include", "-o", os.devnull, f"{root}/kernels/cuda/device/cuda_device.cu"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{result.stderr}")
    return result.stderr


def kernels_of(text):
    """From a kernel's short name to its (registers, spilled bytes, bytes of stack)."""
    found = {}
    for part in text.split("Compiling entry function ")[1:]:
        name = re.match(r"'_ZN8millrace\w*?\d([a-z]+_kernel)E", part)
        stack = re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", part)
        registers = re.search(r"Used (\d+) registers", part)
        if name and stack and registers:
            found[name.group(1)] = (int(registers.group(1)), int(stack.group(2)) + int(stack.group(3)),
                                    int(stack.group(1)))
    return found


def problems(text):
    kernels = kernels_of(text)
    for name in KERNELS:
        if name not in kernels:
            yield f"{name}: ptxas says nothing of it"
            continue
        registers, spilled, stack = kernels[name]
        if registers > REGISTERS_MAX:
            yield f"{name}: {registers} registers; at most {REGISTERS_MAX}"
        if spilled:
            yield f"{name}: {spilled} bytes are spilled"
        if stack and name in WITHOUT_STACK:
            yield f"{name}: {stack} bytes of stack"


def planted(registers=56, stack=0, stores=0, loads=0, left_out=None):
    return "".join(
        "ptxas info    : Compiling entry function "
        f"'_ZN8millrace4cuda47_GLOBAL__N__a2_14_cuda_device_cu_8512{name}ENS0_' "
        f"for 'sm_90'\n    {stack} bytes stack frame, {stores} bytes spill stores, {loads} bytes spill loads\n"
        f"ptxas info    : Used {registers} registers, used 1 barriers\n"
        for name in KERNELS if name != left_out)


def self_test():
    assert not list(problems(planted())), "what is within the budget passes"
    for what, text in (("registers", planted(registers=65)), ("stack", planted(stack=8)),
                       ("stores", planted(stores=4)), ("loads", planted(loads=4)),
                       ("a kernel less", planted(left_out="unmix_kernel")), ("nothing", "")):
        assert list(problems(text)), f"not noticed: {what}"
    assert len(list(problems(planted(stack=8)))) == len(WITHOUT_STACK), "the others may have a stack"


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    nvcc, root = sys.argv[1:]
    failures = []
    with concurrent.futures.ThreadPoolExecutor() as pool:
        reports = pool.map(lambda architecture: report(nvcc, root, architecture), ARCHITECTURES)
        for architecture, text in zip(ARCHITECTURES, reports):
            for name, (registers, spilled, stack) in sorted(kernels_of(text).items()):
                print(f"{architecture} {name}: {registers} registers, {spilled} B spilled, {stack} B of stack")
            failures += [f"{architecture} {problem}" for problem in problems(text)]
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
