#!/bin/sh
# Compares the lines of which the compiler warns with those marked "// dropped": stream_discarded.sh SOURCE COMPILER...
# SPDX-License-Identifier: Apache-2.0
set -eu
source=$1
shift

warned=$("$@" -std=c++20 -fsyntax-only -Wunused-result "$source" 2>&1 |
  sed -n 's/^[^ ]*stream_discarded\.cpp:\([0-9]*\):.*-Wunused-result.*/\1/p' | sort -nu)
marked=$(grep -n '// dropped$' "$source" | cut -d: -f1)
[ "$warned" = "$marked" ] || { printf 'warned of:\n%s\nmarked:\n%s\n' "$warned" "$marked" >&2; exit 1; }
