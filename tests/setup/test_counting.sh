#!/bin/sh
# tests/run counts what it says: nothing that failed, crashed, hung, leaked or never ran is counted as passed.
set -u
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
script() { printf '#!/bin/sh\n%s\n' "$2" >"$tmp/$1"; chmod +x "$tmp/$1"; }
expect() { # name, closing line, exit status, arguments of tests/run
    name=$1 line=$2 status=$3; shift 3
    tests/run "$@" >"$tmp/log" 2>&1; rc=$?
    if [ "$(tail -n 1 "$tmp/log")" = "$line" ] && [ $rc = "$status" ]; then echo "ok $name"; else
        sed 's/^/# /' "$tmp/log"; echo "# exit status $rc"; echo "not ok $name"; fi
}
script good 'exit 0'
script lines 'echo ok one; echo ok two; echo skip three: no tool'
script bad 'echo ok one; echo not ok two'
script crash 'echo ok one; kill -SEGV $$'
script skip 'echo because; exit 77'
script hang 'exec sleep 60'
script both 'echo not ok one; exit 77'
script leak 'printf "[==========] Running 1 test(s).\n[ RUN      ] a\n[       OK ] a\n[  PASSED  ] 1 test(s).\n"; exit 1'
script died 'printf "[==========] Running 2 test(s).\n[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\n"; kill -ABRT $$'
script none 'printf "[==========] Running 0 test(s).\n[  PASSED  ] 0 test(s).\n"'
script said 'printf "[==========] Running 2 test(s).\n[ RUN      ] a\n[ SKIPPED ] a: no data\n[       OK ] a\n[ RUN      ] b\n[       OK ] b\n"'

expect plain_script_passes_once '1 passed, 0 failed, 0 skipped' 0 "$tmp/good"
expect result_lines_are_counted_one_by_one '2 passed, 0 failed, 1 skipped' 0 "$tmp/lines"
expect failed_line_fails_although_exit_is_0 '1 passed, 1 failed, 0 skipped' 1 "$tmp/bad"
expect crash_after_success_fails '1 passed, 1 failed, 0 skipped' 1 "$tmp/crash"
expect skip_alone_is_not_success '0 passed, 0 failed, 1 skipped' 1 "$tmp/skip"
expect failure_is_not_hidden_by_a_skip '0 passed, 1 failed, 0 skipped' 1 "$tmp/both"
expect hang_fails '1 passed, 1 failed, 0 skipped' 1 -t 1 "$tmp/good" "$tmp/hang"
expect leak_at_exit_fails '1 passed, 1 failed, 0 skipped' 1 "$tmp/leak"
expect unit_test_that_died_fails '1 passed, 1 failed, 0 skipped' 1 "$tmp/died"
expect unit_program_without_tests_fails '1 passed, 1 failed, 0 skipped' 1 "$tmp/good" "$tmp/none"
expect unit_test_that_says_skipped_is_skipped '1 passed, 0 failed, 1 skipped' 0 "$tmp/said"
expect missing_program_fails '1 passed, 1 failed, 0 skipped' 1 "$tmp/good" "$tmp/nowhere"
expect nothing_run_fails '0 passed, 0 failed, 0 skipped' 1
expect parallel_runs_count_the_same '4 passed, 1 failed, 1 skipped' 1 -j 4 "$tmp/good" "$tmp/lines" "$tmp/bad"

tests/run -o "$tmp/r1" "$tmp/good" >/dev/null; tests/run -o "$tmp/r2" "$tmp/bad" >/dev/null
expect results_of_several_runs_add_up '2 passed, 1 failed, 0 skipped' 1 -s "$tmp/r1" "$tmp/r2"
