#!/bin/sh
# Help, manual pages and completion come from one table: the parser takes every flag that they name.
set -u
[ -x "${AVISO:-}" ] || { echo "no program"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0
say() { if [ "$1" -eq 0 ]; then echo "ok $2"; else echo "not ok $2"; bad=1; fi; }

"$AVISO" help-source words >"$dir/words"
tab=$(printf '\t')
while IFS=$tab read -r command flags; do
    wrong=
    for f in $flags; do
        # shellcheck disable=SC2086
        "$AVISO" $command --help "$f" 2>&1 | grep -q "no flag" && wrong="$wrong $f"
        # shellcheck disable=SC2086
        "$AVISO" $command --help | grep -q -- "^  $f" || wrong="$wrong $f(help)"
    done
    say ${#wrong} "every flag of \"$command\" is taken and explained$wrong"
    # shellcheck disable=SC2086
    "$AVISO" $command --help | sed -n 3p | grep -q '^Examples:'
    say $? "examples come first in \"$command\""
done <"$dir/words"

"$AVISO" help inbox get >"$dir/a" && "$AVISO" inbox get --help >"$dir/b" && cmp -s "$dir/a" "$dir/b"
say $? "help COMMAND is what COMMAND --help says"
"$AVISO" help inbox | grep -q "inbox list" && ! "$AVISO" help inbox | grep -q "rules list"
say $? "help of a group lists its commands"
"$AVISO" help sned 2>&1 | grep -q '"send"' && ! "$AVISO" help sned >/dev/null 2>&1
say $? "help of what is no command names the nearest"

"$TOP/packaging/man" "$AVISO" "$dir/man"
n=$(ls "$dir"/man/*.[157] | wc -l)
[ "$n" -eq $(($(wc -l <"$dir/words") + 3)) ]
say $? "one manual page a command, and aviso(1), aviso.conf(5), aviso-errors(7)"
unknown=
for w in $(cat "$dir"/man/aviso-*.1 | sed -n 's/^\.It Fl .* Ar \([A-Z|]*\)$/\1/p' | tr '|' '\n' | sort -u | grep -xE 'SPAN|INSTANT|PARTICIPANT|PARTNER|LEVEL|STATE'); do
    grep -q "^\.It Ar $w\$" "$dir/man/aviso.1" || unknown="$unknown $w"
done
say ${#unknown} "aviso(1) tells what the words of flags stand for$unknown"
if command -v mandoc >/dev/null; then
    mandoc -T lint -W error "$dir"/man/*.[157] >"$dir/lint" 2>&1
    say $? "manual pages are clean mdoc: $(head -n 3 "$dir/lint" | tr '\n' ' ')"
else
    echo "skip manual pages are clean mdoc: no mandoc"
fi
bash -n "$dir/man/completion.bash"
say $? "completion for bash parses"
exit $bad
