#!/bin/bash
# Runs scripts/gpu-verify on stand-ins for a build, a GPU and its tools: gpu_verify_test.sh SCRIPT WORK_FOLDER
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
script=$1 work=$2
rm -rf "$work"
mkdir -p "$work/scripts" "$work/bin" "$work/built/tests/kernels/cuda"
cp "$script" "$work/scripts/gpu-verify"
PATH=$work/bin:$PATH

# stand_in FILE: an executable of the lines on standard input.
stand_in() {
  { echo '#!/bin/bash' && cat; } >"$1"
  chmod +x "$1"
}
gpu_test=$work/built/tests/kernels/cuda/gpu_test
semantics_test=$work/built/tests/kernels/cuda/semantics_test
right=$'echo "[  PASSED  ] 3 tests."'

# expect CODE TEXT: of a run.
expect() {
  local code=0
  "$work/scripts/gpu-verify" built >"$work/output" 2>&1 || code=$?
  if [[ $code -ne $1 ]] || ! grep -qF "$2" "$work/output"; then
    cat "$work/output"
    echo "exit code $code instead of $1, or no \"$2\""
    exit 1
  fi
}

stand_in "$work/bin/nvidia-smi" <<<'echo "a GPU, 1, 2"'
stand_in "$work/bin/compute-sanitizer" <<<'echo "========= Error: Device not supported"; exit 1'
stand_in "$work/bin/ncu" <<<'echo "==ERROR== LibraryNotLoaded"; exit 1'
stand_in "$gpu_test" <<<"$right"
stand_in "$semantics_test" <<<'echo "no device: cudaErrorNoDevice"; exit 77'
expect 77 'no GPU: no device: cudaErrorNoDevice'

# 1 of semantics, and 3 of each of 5 parts.
stand_in "$semantics_test" <<<'exit 0'
expect 0 '16 passed, 0 failed'
expect 0 'not run: compute-sanitizer: ========= Error: Device not supported'
expect 0 'not run: ncu: ==ERROR== LibraryNotLoaded'

stand_in "$work/bin/compute-sanitizer" \
  <<<'[[ $* != *race* ]] || { echo "RACECHECK SUMMARY: 1 hazard"; exit 9; }; exit 0'
stand_in "$work/bin/ncu" <<<'echo "    Duration  us  12"'
expect 1 '19 passed, 1 failed'
expect 1 'RACECHECK SUMMARY: 1 hazard'
expect 1 'Duration  us  12'
rm "$work/bin/compute-sanitizer"

stand_in "$gpu_test" <<<$'echo "[  PASSED  ] 2 tests."\necho " 1 FAILED TEST"\nexit 1'
expect 1 '11 passed, 5 failed'
stand_in "$gpu_test" <<<'kill -SEGV $$'
expect 1 '1 passed, 5 failed'
