#!/bin/sh
# Instructions of one warm verdict and of its parts, a typical invoice and 1,000 lines, beside the floor of
# bench_validate: the same figures on a busy machine as on an idle one. Needs valgrind.
set -eu
cd "$(dirname "$0")/../.."
. tests/support/env
command -v valgrind >/dev/null || { echo 'no valgrind here (apt install valgrind)'; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count() { # part lines rounds: thousands of instructions a round
    valgrind --tool=callgrind --collect-atstart=no --toggle-collect=bench_counted --callgrind-out-file="$work/out" \
        build/release/tests/bench/bench_validate "$@" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    awk -v rounds="$3" '/Collected/ { printf "%.1f\n", $NF / rounds / 1000 }' "$work/log"
}
for lines in 0 1000; do
    [ $lines -ne 0 ] && echo "$lines lines, thousands of instructions" || echo 'typical (2 lines), thousands of instructions'
    [ $lines -ne 0 ] && rounds=1 || rounds=10
    floor=$(count floor $lines $rounds)
    for part in floor full parse schema cen peppol; do
        count $part $lines $rounds | awk -v floor="$floor" -v part=$part '{ printf "  %-8s %12.1f   %.2f x floor\n", part, $1, $1 / floor }'
    done
done
