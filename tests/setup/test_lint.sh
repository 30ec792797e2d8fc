#!/bin/sh
# Each lint finds the fault planted for it in a small tree, and nothing in the tree without it.
set -u
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
lints=$(pwd)/tests/lint

tree() { # a clean tree in $tmp/t
    rm -rf "$tmp/t"
    mkdir -p "$tmp/t/ap/base" "$tmp/t/ap/cli" "$tmp/t/ap/xml" "$tmp/t/ubl" "$tmp/t/tests" "$tmp/t/docs"
    cp -r "$lints" "$tmp/t/tests/lint"
    printf '/* a.h - a. */\n#include "ap/base/err.h"\nint a(void);\n' >"$tmp/t/ap/base/a.h"
    printf '/* err.h - errors. */\n' >"$tmp/t/ap/base/err.h"
    printf '#include "ap/base/a.h"\n\nint a(void)\n{\n    return err_set(e, ERR_INPUT, "a.bad", "", "x");\n}\n' >"$tmp/t/ap/base/a.c"
    printf '/* errors_priv.h - names. */\nN("a.bad", INPUT, "m", "t")\n' >"$tmp/t/ap/cli/errors_priv.h"
    printf 'See [a](docs/a.md).\n' >"$tmp/t/README.md"
    echo a >"$tmp/t/docs/a.md"
    mkdir "$tmp/t/tests/conformance"
    printf 'AS4-1\tPEPPOL-AS4 4\tMUST\tempty\tThe Body is empty.\n' >"$tmp/t/tests/conformance/requirements.tsv"
    printf '/*= PEPPOL-AS4 4 "empty" */\n' | tee "$tmp/t/tests/t.c" >>"$tmp/t/ap/base/a.c"
    (cd "$tmp/t" && git init -q . && tests/lint/spec >/dev/null) || true
}
finds() { # name, lint, what it must say
    if "$tmp/t/tests/lint/$2" >"$tmp/log" 2>&1; then rc=0; else rc=1; fi
    if [ $rc = 1 ] && grep -q -- "$3" "$tmp/log"; then echo "ok $1"; else sed 's/^/# /' "$tmp/log"; echo "not ok $1"; fi
    tree
}
in_tree() { cat >>"$tmp/t/$1"; }

tree
for l in layers sizes forbidden errors spec docs; do
    if "$tmp/t/tests/lint/$l" >"$tmp/log" 2>&1; then echo "ok clean_tree_passes_$l"; else cat "$tmp/log"; echo "not ok clean_tree_passes_$l"; fi
done

echo '#include "ap/xml/xml.h"' | in_tree ap/base/a.c
finds lower_layer_may_not_include_upper layers 'ap/base/a.c: may not include ap/xml/xml.h'
echo '#include "ap/base/b_priv.h"' | in_tree ap/xml/x.h
finds private_header_stays_in_its_folder layers 'ap/base/b_priv.h is private'
mkdir "$tmp/t/ap/new"; echo '#include "ap/base/a.h"' | in_tree ap/new/n.c
finds unlisted_module_is_refused layers 'ap/new: not listed'
echo '#include "a.h"' | in_tree ap/base/a.c
finds include_without_folder_is_refused layers 'with its folder'

{ printf 'int big(void)\n{\n'; yes '    x();' | head -n 119; echo '}'; } | in_tree ap/base/a.c
finds long_function_is_refused sizes 'big has 121 lines'
yes '/* */' | head -n 1001 | in_tree ap/base/a.c
finds long_file_is_refused sizes '1008 lines'

for call in 'strcpy(a, b)' 'sprintf(a, b)' 'atoi(a)' 'alloca(n)' 'strtok(a, b)'; do
    printf 'int f(void)\n{\n    %s;\n}\n' "$call" | in_tree ap/base/a.c
    finds "call_of_${call%%(*}_is_refused" forbidden 'forbidden call: ap/base/a.c'
done
echo '    system(a);' | in_tree ap/base/a.c
finds library_may_not_run_a_shell forbidden 'forbidden call in the library: ap/base/a.c'
echo '/* TO''DO */' | in_tree ap/base/a.c
finds left_over_mark_is_refused forbidden 'left-over mark'
echo 'int x;' | in_tree ap/base/b.h
finds header_without_comment_is_refused forbidden 'no header comment: ap/base/b.h'
printf -- '-----BEGIN PRIVATE'' KEY-----\n' | in_tree docs/key.md
finds private_key_is_refused forbidden 'private key: docs/key.md'
printf 'see /ro''ot/x\n' | in_tree docs/a.md
finds machine_path_is_refused forbidden 'path of one machine: docs/a.md'

echo '    return err_set(e, ERR_INPUT, "a.new", "", "x");' | in_tree ap/base/a.c
finds unexplained_error_name_is_refused errors 'a.new: raised, but not in'
echo 'N("b.gone", INPUT, "m", "t")' | in_tree ap/cli/errors_priv.h
finds error_name_that_nothing_raises_is_refused errors 'b.gone: in ap/cli/errors_priv.h, but nothing raises it'
echo '    return err_set(e, ERR_INPUT, "Bad_Name", "", "x");' | in_tree ap/base/a.c
finds error_name_of_another_shape_is_refused errors 'not a dotted lower-case name: Bad_Name'
printf 'AS4-2\tPEPPOL-AS4 4\tMUST\tnew\tNobody tests this.\n' | in_tree tests/conformance/requirements.tsv
finds requirement_without_test_is_refused spec 'AS4-2 (PEPPOL-AS4 4 "new"): no test'
echo '/*= PEPPOL-AS4 4 "other" */' | in_tree ap/base/a.c
finds quote_that_is_no_requirement_is_refused spec 'PEPPOL-AS4 4 "other" is no line of'
echo changed | in_tree docs/SPEC.md
finds page_of_requirements_is_up_to_date spec 'docs/SPEC.md was out of date'
echo 'See [b](docs/b.md).' | in_tree README.md
finds broken_link_is_refused docs 'README.md: broken link docs/b.md'
printf 'Look into `%s`.\n' ap/nowhere | in_tree README.md
finds path_that_does_not_exist_is_refused docs 'ap/nowhere does not exist'
