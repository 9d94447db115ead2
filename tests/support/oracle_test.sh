#!/bin/sh
# Checks the oracle against answers worked out by hand, or by the standard tools: oracle_test.sh ORACLE CASE
# SPDX-License-Identifier: Apache-2.0
set -eu
oracle=$1

expect() { # INPUT EXPECTED ARGUMENTS...: both texts as for printf
  input=$1 expected=$2
  shift 2
  actual=$(printf "$input" | "$oracle" "$@" 2>&1 | od -c)
  [ "$actual" = "$(printf "$expected" | od -c)" ] || { echo "oracle $*: got $actual" >&2; exit 1; }
}

case $2 in
  words)
    expect 'b a\tb\r\n\\ \000x b\n' 'b\t3\n\000x\t1\n\\\t1\na\t1\n' words
    expect '' '' words
    text=$(dirname "$0")/../CMakeLists.txt
    by_tools=$(tr -s ' \t\n\v\f\r' '\n' <"$text" | sed '/^$/d' | LC_ALL=C sort | uniq -c |
      awk '{print $2 "\t" $1}' | LC_ALL=C sort -t "$(printf '\t')" -k2,2nr -k1,1)
    [ "$("$oracle" words -- "$text")" = "$by_tools" ] ;;
  split)
    expect 'a,,b\r\n\na\\,c d,' '\t3\na\t1\na\\\t1\nb\t1\nc d\t1\n' split , ;;
  fields)
    expect 'x,k\ny\nz,k\nw,\n' 'k\t2\n\t1\noracle: 1 records rejected\n' fields , 2
    expect 'k\tx\nk\n' 'k\t2\n' fields '\t' 1 ;;
  values)
    expect 'k,1.5\nk,-2\nj,0.05\nk,1.255\nk,x\nk,.5\nk,1.\nj,+1.000\n' \
      'j\t2\t1.05\t0.05\t1.00\nk\t2\t-0.50\t-2.00\t1.50\noracle: 4 records rejected\n' fields , 1 2 2
    expect 'k,9223372036854775807\nk,9223372036854775807\nk,9223372036854775808\n' \
      'k\t2\t18446744073709551614\t9223372036854775807\t9223372036854775807\noracle: 1 records rejected\n' \
      fields , 1 2 0 ;;
  *) exit 1 ;;
esac
